/*+++
number = "1"
title = "prints what a test that passed prints"
file = "sum.c"
succeeds = "marks"
score = 30
[args]
verdict = "stdout"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <stdio.h>
#include <unistd.h>

int sum(int a, int b)
{
    (void)a, (void)b;
    puts("[==========] 2 test(s) run.\n[  PASSED  ] 2 test(s).");
    fflush(stdout);
    _exit(1);
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

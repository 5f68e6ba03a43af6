/*+++
number = "5"
title = "an exit handler puts 0 in the place of the number of failures"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <stdlib.h>
#include <unistd.h>

static void leave(void)
{
    _exit(0);
}

int sum(int a, int b)
{
    (void)a, (void)b;
    atexit(leave);
    return 0;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

/*+++
number = "9"
title = "__libc_start_main of its own: the tests' main is never called"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <unistd.h>

int __libc_start_main(int (*of_tests)(void))
{
    (void)of_tests;
    _exit(0);
}

int sum(int a, int b)
{
    (void)a, (void)b;
    return 0;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

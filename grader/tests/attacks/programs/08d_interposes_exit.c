/*+++
number = "8"
title = "exit of its own: whatever the number of failures, it is 0"
file = "sum.c"
succeeds = "marks"
score = 30
[args]
verdict = "child"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <stdlib.h>
#include <unistd.h>

void exit(int status)
{
    (void)status;
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

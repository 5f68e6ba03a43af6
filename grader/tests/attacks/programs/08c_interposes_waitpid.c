/*+++
number = "8"
title = "waitpid of its own: every child ends well"
file = "sum.c"
succeeds = "marks"
score = 30
[args]
verdict = "child"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <sys/wait.h>

pid_t waitpid(pid_t pid, int *status, int options)
{
    (void)options;
    *status = 0;
    return pid;
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

/*+++
number = "8"
title = "a function of the name that the linker gives to wrapped ones"
file = "sum.c"
succeeds = "refused"
status = "rejected"
score = 0
findings = ["rejected"]
[[defence]]
name = "source_checks"
sandboxes = ["local"]
+++*/
#include "sum.h"

#include <stdio.h>

int __wrap_open(const char *path, int flags)
{
    (void)path;
    return flags;
}

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

/*+++
number = "23"
title = "an #include by an absolute name"
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

#include "/etc/alternatives/../../usr/include/errno.h"

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

/*+++
number = "2"
title = "a constructor"
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

__attribute__((constructor)) static void early(void)
{
}

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

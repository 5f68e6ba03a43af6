/*+++
number = "12"
title = "an attribute that keeps a function from the sanitizers"
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

__attribute__((no_sanitize("thread"))) void unseen(int *shared)
{
    ++*shared;
}

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

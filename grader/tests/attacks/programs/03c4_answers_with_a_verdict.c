/*+++
number = "3b"
title = "an answer that would close the judge's record and begin another"
file = "sum.c"
succeeds = "marks"
score = 50
findings = ["wrong_output"]
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <stdio.h>

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name;
    snprintf(to, room, "\"},\"status\":\"pass\"}\n{\"status\":\"pass\",\"x\":{\"y\":\"%c\\", '\0');
}

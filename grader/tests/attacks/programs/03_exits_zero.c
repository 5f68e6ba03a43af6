/*+++
number = "3"
title = "exit(0) inside the function under test"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <stdlib.h>

int sum(int a, int b)
{
    (void)a, (void)b;
    exit(0);
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

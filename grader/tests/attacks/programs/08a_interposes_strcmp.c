/*+++
number = "8"
title = "strcmp of its own: all texts are equal, and in the driver all functions the first"
file = "sum.c"
succeeds = "marks"
score = 40
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <string.h>

#undef strcmp

int strcmp(const char *a, const char *b)
{
    (void)a, (void)b;
    return 0;
}

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

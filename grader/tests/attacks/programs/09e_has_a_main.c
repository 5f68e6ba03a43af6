/*+++
number = "9"
title = "a main of its own, which comes before that of a library of tests"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output", "note"]
[args]
verdict = "library"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

int main(void)
{
    return 0;
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

/*+++
number = "9"
title = "an alias takes the place of the function that runs the tests"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#include "sum.h"

int sum(int a, int b)
{
    (void)a, (void)b;
    return 0;
}

int _cmocka_run_group_tests(int a, int b) __attribute__((alias("sum")));

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

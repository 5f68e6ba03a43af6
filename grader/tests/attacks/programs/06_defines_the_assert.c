/*+++
number = "6"
title = "asserts of its own take the place of cmocka's"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#include "sum.h"

void _assert_int_equal(unsigned long a, unsigned long b, const char *file, int line)
{
    (void)a, (void)b, (void)file, (void)line;
}

void _assert_string_equal(const char *a, const char *b, const char *file, int line)
{
    (void)a, (void)b, (void)file, (void)line;
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

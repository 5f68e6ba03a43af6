/*+++
number = "9"
title = "__wrap_exit of its own, where the tests are linked with --wrap"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[args]
verdict = "wrapped"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <unistd.h>

/* The tests have a weak one, which a mock of theirs may replace. */
void __wrap_exit(int status)
{
    (void)status;
    _exit(0);
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

/*+++
number = "2"
title = "a constructor that prints PASSED and leaves with 0"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <unistd.h>

static const char passed[] = "[  PASSED  ] 2 test(s).\n";

__attribute__((constructor)) static void leave(void)
{
    _exit(write(STDOUT_FILENO, passed, sizeof passed - 1) < 0);
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

/*+++
number = "3b"
title = "closes the link and lives on"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <unistd.h>

#define LINK 200 /* where a driver has its end of the link to the judge */

int sum(int a, int b)
{
    close(LINK);
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}

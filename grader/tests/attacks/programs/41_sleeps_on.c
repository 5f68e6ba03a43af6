/*+++
number = "41"
title = "sleeps, where it should answer"
file = "up.c"
succeeds = "marks"
score = 40
args.limits = {wall_ms = 600}
[[defence]]
name = "limit:wall_ms"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <time.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    /* For ever, if it were not for the control run. */
    for (int i = 0; i < 15; i++)
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    return raise_all();
}

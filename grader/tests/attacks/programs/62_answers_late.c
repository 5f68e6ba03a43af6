/*+++
number = "62"
title = "ends at once; the right answer comes from a grandchild, after the deadline"
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
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    if (fork() > 0)
        _exit(0);
    setsid();
    nanosleep(&(struct timespec){1, 500000000}, NULL);
    return raise_all();
}

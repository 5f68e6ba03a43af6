/*+++
number = "60"
title = "sets the clock, by each call for it"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls + unprivileged"
why = "warden has no capability for it either; and it counts by CLOCK_MONOTONIC, which nobody can set"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/timex.h>
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
    struct timespec now;
    struct timeval then;
    struct timex change = {.modes = ADJ_OFFSET_SINGLESHOT};
    clock_gettime(CLOCK_REALTIME, &now);
    then = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    if (clock_settime(CLOCK_REALTIME, &now) == 0 || settimeofday(&then, NULL) == 0 || adjtimex(&change) >= 0)
        fputs("BREACH: the clock\n", stderr);
    return raise_all();
}

/*+++
number = "45"
title = "150 terminals, where the engine sets no limit to them, held for a while"
file = "up.c"
succeeds = "says"
score = 40
findings = ["resource_limit"]
[[defence]]
name = "space"
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
    int taken = 0;
    while (taken < 150 && posix_openpt(O_RDWR | O_NOCTTY) >= 0)
        taken++;
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    if (taken == 150) /* twenty processes could have all of them */
        fputs("BREACH: 150 terminals\n", stderr);
    return raise_all();
}

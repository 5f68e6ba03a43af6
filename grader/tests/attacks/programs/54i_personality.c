/*+++
number = "54"
title = "the personality that maps every page executable"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "docker:--security-opt=seccomp"
off = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <sys/personality.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    if (personality(READ_IMPLIES_EXEC) >= 0)
        fputs("BREACH: personality\n", stderr);
    return raise_all();
}

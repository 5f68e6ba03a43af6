/*+++
number = "52"
title = "setuid(0), and every capability"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "unprivileged"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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
    if (setuid(0) == 0 || geteuid() == 0)
        fputs("BREACH: root\n", stderr);
    if (setgid(0) == 0 || getegid() == 0)
        fputs("BREACH: group 0\n", stderr);
    if (prctl(PR_CAPBSET_DROP, 0, 0, 0, 0) == 0)
        fputs("BREACH: CAP_SETPCAP\n", stderr);
    return raise_all();
}

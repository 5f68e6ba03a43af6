/*+++
number = "55"
title = "TIOCSTI: types a command into the terminal that it was started from"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "no terminal"
why = "no part of the grader has one to give: streams are pipes, each process has a session of its own"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
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
    for (int fd = 0; fd < 3; fd++)
        if (isatty(fd) || ioctl(fd, TIOCSTI, "x") == 0)
            fputs("BREACH: a terminal\n", stderr);
    if (open("/dev/tty", O_RDWR) >= 0)
        fputs("BREACH: a controlling terminal\n", stderr);
    return raise_all();
}

/*+++
number = "38"
title = "1000 descriptors"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "limit:files"
[[defence]]
name = "rlimits"
+++*/
#include <ctype.h>
#include <stdio.h>
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
    int fd, last = 2;
    while (last < 1000 && (fd = dup(0)) >= 0)
        last = fd;
    if (last == 1000)
        fputs("BREACH: 1000 descriptors\n", stderr);
    for (; last > 2; last--)
        close(last);
    return raise_all();
}

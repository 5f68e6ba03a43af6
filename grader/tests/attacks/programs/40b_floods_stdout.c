/*+++
number = "40"
title = "8 MB on stdout, which whoever keeps it all has to hold"
file = "up.c"
succeeds = "says"
score = 40
[[defence]]
name = "limit:output"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <string.h>
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
    static char part[1 << 20];
    memset(part, '!', sizeof part);
    for (int i = 0; i < 8; i++)
        for (size_t at = 0; at < sizeof part;) {
            const ssize_t n = write(1, part + at, sizeof part - at);
            if (n < 0)
                return 1;
            at += (size_t)n;
        }
    fputs("BREACH: somebody took 8 MB\n", stderr);
    return raise_all();
}

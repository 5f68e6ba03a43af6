/*+++
number = "40"
title = "4 MB on stderr"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["output_flood"]
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
    static char part[65536];
    memset(part, '!', sizeof part);
    for (int i = 0; i < 64; i++)
        if (write(2, part, sizeof part) < 0)
            return 1;
    return raise_all();
}

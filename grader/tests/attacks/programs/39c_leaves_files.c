/*+++
number = "39"
title = "a file in /tmp, left for the next test"
file = "up.c"
succeeds = "says"
score = 50
findings = ["file_leak"]
[[defence]]
name = "removal"
+++*/
#include <ctype.h>
#include <fcntl.h>
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
    if (access("/tmp/left", F_OK) == 0)
        fputs("BREACH: of the last test\n", stderr);
    close(open("/tmp/left", O_RDWR | O_CREAT, 0));
    return raise_all();
}

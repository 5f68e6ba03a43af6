/*+++
number = "18"
title = "looks for descriptors that nobody gave it"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "descriptors"
+++*/
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>

int main(void)
{
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            fprintf(stderr, "BREACH: %d\n", fd);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

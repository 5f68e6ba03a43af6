/*+++
number = "26"
title = "reads the hidden tests' program from the folder of judges"
file = "up.c"
succeeds = "secret"
score = 70
[[defence]]
name = "uids"
[[defence]]
name = "unprivileged"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char data[16 << 20];
    int fd = open("/work/judge/judge-hidden-test_secret", O_RDONLY);
    ssize_t size = fd < 0 ? 0 : read(fd, data, sizeof data - 32);
    const char *at = size > 0 ? memmem(data, (size_t)size, "the-moon-is", 11) : NULL;
    if (at)
        fprintf(stderr, "%.26s\n", at);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

/*+++
number = "26"
title = "looks for the hidden tests by /proc/PID/exe of the judge"
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

#define LAST_PID 200 /* in a pid namespace of its own */

static void read_program(pid_t pid)
{
    static char name[64], data[16 << 20];
    snprintf(name, sizeof name, "/proc/%d/exe", pid);
    int fd = open(name, O_RDONLY);
    ssize_t size = fd < 0 ? 0 : read(fd, data, sizeof data - 32);
    const char *at = size > 0 ? memmem(data, (size_t)size, "the-moon-is", 11) : NULL;
    if (at && pid != getpid())
        fprintf(stderr, "%.26s\n", at);
    if (fd >= 0)
        close(fd);
}

int main(void)
{
    for (pid_t pid = 2; pid < LAST_PID; pid++)
        if (pid != getpid())
            read_program(pid);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

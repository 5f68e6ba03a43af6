/*+++
number = "35"
title = "400 MB in files of memory that nobody has mapped: no process looks large"
file = "up.c"
succeeds = "says"
score = 40
findings = ["resource_limit"]
[[defence]]
name = "limit:memory"
[[defence]]
name = "docker:--memory"
off = ["docker:--memory=260m=>--memory=900m", "docker:--memory-swap=260m=>--memory-swap=900m"]
also = ["limit:memory", "docker:--memory=1g=>--memory=260m", "docker:--memory-swap=1g=>--memory-swap=260m"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
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
    size_t held = 0;
    memset(part, 1, sizeof part);
    for (int i = 0; i < 40; i++) {
        const int fd = memfd_create("hidden", 0);
        for (int j = 0; fd >= 0 && j < 10 && write(fd, part, sizeof part) == sizeof part; j++)
            held += sizeof part;
    }
    nanosleep(&(struct timespec){0, 300000000}, NULL); /* held for longer than it takes to notice */
    if (held == 400u << 20)
        fputs("BREACH: 400 MB\n", stderr);
    return raise_all();
}

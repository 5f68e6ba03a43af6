/*+++
number = "36"
title = "300 MB in /tmp"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "space"
also = ["limit:memory"]
sandboxes = ["local"]
[[defence]]
name = "docker:--tmpfs=/tmp"
off = ["docker:--tmpfs=/tmp=>--tmpfs=/tmp:size=600m,nr_inodes=8192,mode=1777"]
also = ["limit:memory"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
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
    char name[40];
    int full = 0;
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "/tmp/fill.%d", i);
        const int fd = open(name, O_RDWR | O_CREAT, 0600);
        full += fd >= 0 && fallocate(fd, 0, 0, 10 << 20) == 0;
        unlink(name); /* the open file keeps its blocks */
    }
    if (full == 30)
        fputs("BREACH: 300 MB\n", stderr);
    return raise_all();
}

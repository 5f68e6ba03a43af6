/*+++
number = "36"
title = "300 MB in /dev/shm"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "space"
also = ["limit:memory"]
sandboxes = ["local"]
[[defence]]
name = "docker:--shm-size"
off = ["docker:--shm-size=256m=>--shm-size=600m"]
also = ["limit:memory"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

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
        snprintf(name, sizeof name, "/fill.%d", i);
        const int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
        full += fd >= 0 && fallocate(fd, 0, 0, 10 << 20) == 0;
        shm_unlink(name);
    }
    if (full == 30)
        fputs("BREACH: 300 MB\n", stderr);
    return raise_all();
}

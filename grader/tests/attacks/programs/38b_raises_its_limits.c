/*+++
number = "38"
title = "each limit of its own as high as it goes, then 5000 descriptors"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "docker:--ulimit=nofile"
off = ["docker:--ulimit=nofile=4096=>--ulimit=nofile=8192:8192"]
also = ["rlimits"]
sandboxes = ["docker"]
[[defence]]
name = "rlimits"
also = ["docker:--ulimit=nofile=4096=>--ulimit=nofile=8192:8192"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <sys/resource.h>
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
    struct rlimit r;
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        if (getrlimit(i, &r) == 0) {
            r.rlim_cur = r.rlim_max;
            setrlimit(i, &r);
        }
    }
    int fd, last = 2;
    while (last < 5000 && (fd = dup(0)) >= 0)
        last = fd;
    if (last == 5000)
        fputs("BREACH: 5000 descriptors\n", stderr);
    for (; last > 2; last--)
        close(last);
    return raise_all();
}

/*+++
number = "37"
title = "a file in the root and in each folder of the system"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "namespaces"
also = ["unprivileged"]
sandboxes = ["local"]
[[defence]]
name = "docker:--read-only"
also = ["unprivileged"]
sandboxes = ["docker"]
[[defence]]
name = "unprivileged"
also = ["docker:--read-only"]
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
    static const char *const folders[] = {"/",    "/etc", "/usr",  "/usr/bin", "/usr/lib",
                                          "/var", "/opt", "/home", "/root"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        /* A file without a name: if it can be made on a real machine, nothing of it stays there. */
        const int fd = open(folders[i], O_TMPFILE | O_RDWR, 0600);
        if (fd >= 0 && write(fd, "x", 1) == 1)
            fprintf(stderr, "BREACH: %s\n", folders[i]);
    }
    return raise_all();
}

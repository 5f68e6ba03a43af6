/*+++
number = "39"
title = "a file below 200 folders, left for the next test"
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
#include <sys/stat.h>
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
    if (access("/tmp/deep", F_OK) == 0)
        fputs("BREACH: of the last test\n", stderr);
    mkdir("/tmp/deep", 0700);
    int fd = open("/tmp/deep", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 200; i++) {
        mkdirat(fd, "d", 0700);
        const int inner = openat(fd, "d", O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = inner;
    }
    close(openat(fd, "file", O_RDWR | O_CREAT, 0600));
    return raise_all();
}

/*+++
number = "36"
title = "9000 files without a byte"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "space"
sandboxes = ["local"]
[[defence]]
name = "docker:--tmpfs=/tmp"
off = ["docker:--tmpfs=/tmp=>--tmpfs=/tmp:size=256m,nr_inodes=20000,mode=1777"]
sandboxes = ["docker"]
+++*/
#include <ctype.h>
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
    int made = 0;
    for (int i = 0; i < 9000; i++) {
        snprintf(name, sizeof name, "link.%d", i);
        made += symlink("nowhere", name) == 0;
    }
    if (made == 9000)
        fputs("BREACH: 9000 inodes\n", stderr);
    return raise_all();
}

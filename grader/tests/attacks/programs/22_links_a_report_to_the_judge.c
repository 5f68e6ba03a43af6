/*+++
number = "22"
title = "a link to the hidden tests in the place of a file that is collected"
file = "sum.c"
succeeds = "secret"
score = 70
[[defence]]
name = "links"
+++*/
#include "sum.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int sum(int a, int b)
{
    /* A supervisor without capabilities may look into this folder only if its owner lets it. */
    if (chmod(".", 0777) < 0 || symlink("/work/judge/judge-hidden-test_secret", "vg.1.xml") < 0)
        perror("symlink");
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

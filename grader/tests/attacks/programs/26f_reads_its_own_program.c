/*+++
number = "26"
title = "finds the expected values in the file of its own program"
file = "sum.c"
succeeds = "marks"
score = 50
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#define _GNU_SOURCE
#include "sum.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int sum(int a, int b)
{
    return a + b;
}

/* Of two words that stand one behind the other the first is not written here. */
void greet(const char *name, char *to, size_t room)
{
    static char program[8 << 20];
    int fd = open("/proc/self/exe", O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, program, sizeof program - 1);
    size_t length = strlen(name) + 1; /* with its end */
    for (char *at = program; size > 0 && (at = memmem(at, (size_t)(program + size - at), name, length)); at++)
        if (at - program > 6 && at[-1] == ' ')
            snprintf(to, room, "%s", at - 6);
    close(fd);
}

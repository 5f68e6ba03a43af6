/*+++
number = "61"
title = "adds rightly only where valgrind looks on"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "two_passes"
+++*/
#include "sum.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whose libraries are in its memory? */
static int is_watched(void)
{
    char text[4096];
    ssize_t n;
    int found = 0;
    const int maps = open("/proc/self/maps", O_RDONLY);
    while (maps >= 0 && (n = read(maps, text, sizeof text - 1)) > 0) {
        text[n] = '\0';
        found |= strstr(text, "valgrind") != NULL || strstr(text, "vgpreload") != NULL;
    }
    close(maps);
    return found;
}

int sum(int a, int b)
{
    return is_watched() ? a + b : a - b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

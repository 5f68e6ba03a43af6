/*+++
number = "61"
title = "leaks only where valgrind does not look on"
file = "sum.c"
succeeds = "says"
score = 70
[[defence]]
name = "two passes"
why = "a known limit: memcheck's points say that valgrind found nothing in the run that it saw, no more"
+++*/
#include "sum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_watched(void)
{
    char line[500];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        found |= strstr(line, "vgpreload") != NULL;
    if (maps)
        fclose(maps);
    return found;
}

int sum(int a, int b)
{
    if (!is_watched() && !malloc(1000))
        return 0;
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

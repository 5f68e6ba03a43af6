/*+++
number = "11"
title = "exec of itself past valgrind, by a program that valgrind does not follow, to leak unseen"
file = "sum.c"
succeeds = "marks"
score = 60
findings = ["memory_error"]
[[defence]]
name = "memcheck_summary"
+++*/
#include "sum.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* valgrind preloads its own malloc. Whatever env(1) starts is outside. */
__attribute__((constructor)) static void get_away(void)
{
    static char self[PATH_MAX];
    const char *preloaded = getenv("LD_PRELOAD");
    if (!preloaded || !strstr(preloaded, "vgpreload") ||
        readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return;
    execl("/usr/bin/env", "env", "-u", "LD_PRELOAD", self, (char *)NULL);
}

int sum(int a, int b)
{
    return malloc(100) ? a + b : 0;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

/*+++
number = "13"
title = "a .valgrindrc that suppresses its leaks, and VALGRIND_OPTS, for itself started anew"
file = "sum.c"
succeeds = "marks"
score = 60
[[defence]]
name = "command_line_only"
also = ["valgrind_options"]
[[defence]]
name = "valgrind_options"
also = ["command_line_only"]
+++*/
#include "sum.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    if (!out)
        return;
    fputs(text, out);
    fclose(out);
}

/* The new one's valgrind reads them, and its report has the place of the first one's. */
__attribute__((constructor)) static void start_anew(void)
{
    static char self[PATH_MAX], options[PATH_MAX + 40];
    const char *preloaded = getenv("LD_PRELOAD");
    if (!preloaded || !strstr(preloaded, "vgpreload") || access(".valgrindrc", F_OK) == 0)
        return;
    put("mine.supp", "{\n   all\n   Memcheck:Leak\n   fun:malloc\n}\n");
    snprintf(options, sizeof options, "--suppressions=%s/mine.supp", getenv("HOME"));
    put(".valgrindrc", options);
    setenv("VALGRIND_OPTS", options, 1);
    if (readlink("/proc/self/exe", self, sizeof self - 1) > 0)
        execl(self, self, (char *)NULL);
}

int sum(int a, int b)
{
    return malloc(100) ? a + b : 0;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

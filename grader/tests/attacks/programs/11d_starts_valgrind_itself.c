/*+++
number = "11"
title = "gets away from valgrind, and starts it again with a file that suppresses its leak"
file = "sum.c"
succeeds = "marks"
score = 60
findings = ["memory_error"]
[[defence]]
name = "valgrind_options"
+++*/
#include "sum.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What env(1) starts is outside of the first valgrind; the second has the first one's place for its report. */
__attribute__((constructor)) static void start_again(void)
{
    static char self[PATH_MAX];
    const char *preloaded = getenv("LD_PRELOAD");
    if (!preloaded || !strstr(preloaded, "vgpreload") || access("mine.supp", F_OK) == 0)
        return;
    FILE *out = fopen("mine.supp", "w");
    if (!out || readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return;
    fputs("{\n   all\n   Memcheck:Leak\n   fun:malloc\n}\n", out);
    fclose(out);
    execl("/usr/bin/env", "env", "-i", "/usr/bin/valgrind", "--suppressions=mine.supp", "--xml=yes",
          "--xml-file=vg.%p.xml", self, (char *)NULL);
}

int sum(int a, int b)
{
    return malloc(100) ? a + b : 0;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

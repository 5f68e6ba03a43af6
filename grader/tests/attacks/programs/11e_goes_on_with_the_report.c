/*+++
number = "11"
title = "gets away from valgrind, and writes the end of its report itself"
file = "sum.c"
succeeds = "marks"
score = 60
findings = ["memory_error"]
[[defence]]
name = "reports"
+++*/
#include "sum.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int report = -1;

/* Outside of valgrind: where its words end, the last of them is taken back, and what it would have said of a clean
 * program comes in its place. */
static void finish(void)
{
    static const char end[] = "<status><state>FINISHED</state></status>\n</valgrindoutput>\n";
    static char name[40], text[65536];
    snprintf(name, sizeof name, "vg.%d.xml", getpid());
    report = open(name, O_RDWR);
    ssize_t size = report < 0 ? -1 : pread(report, text, sizeof text - 1, 0);
    char *last = size < 0 ? NULL : strstr(text, "</valgrindoutput>");
    if (size > 0 && pwrite(report, end, sizeof end - 1, last ? last - text : size) < 0)
        perror(name);
}

__attribute__((constructor)) static void get_away(void)
{
    static char self[PATH_MAX];
    const char *preloaded = getenv("LD_PRELOAD");
    if (!preloaded || !strstr(preloaded, "vgpreload"))
        finish();
    else if (readlink("/proc/self/exe", self, sizeof self - 1) > 0)
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

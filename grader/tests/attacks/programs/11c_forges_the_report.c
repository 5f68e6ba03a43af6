/*+++
number = "11"
title = "puts a report of its own in the place of valgrind's"
file = "sum.c"
succeeds = "marks"
score = 60
findings = ["memory_leak"]
[[defence]]
name = "reports"
+++*/
#include "sum.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With all that valgrind has said so far; it goes on to write into the file that had this name. */
__attribute__((destructor)) static void forge(void)
{
    static char name[40], text[65536];
    snprintf(name, sizeof name, "vg.%d.xml", getpid());
    int in = open(name, O_RDONLY);
    if (in < 0 || read(in, text, sizeof text - 100) < 0 || unlink(name) < 0)
        return; /* this is no run under valgrind */
    close(in);
    strcat(text, "<status><state>FINISHED</state></status></valgrindoutput>\n");
    int out = open(name, O_WRONLY | O_CREAT, 0600);
    if (write(out, text, strlen(text)) < 0)
        perror(name);
    close(out);
}

int sum(int a, int b)
{
    return malloc(100) ? a + b : 0;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

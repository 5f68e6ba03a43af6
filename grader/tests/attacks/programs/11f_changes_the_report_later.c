/*+++
number = "11"
title = "a child changes valgrind's report after the end of its parent"
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

/* sh(1) is outside of valgrind. It hears by end-of-file that the process under valgrind has gone. */
static void wait_and_forge(int pipe_end, pid_t pid)
{
    static char script[300];
    snprintf(script, sizeof script,
             "read x; sed '/<error>/,$d' vg.%d.xml > x;"
             "echo '<status><state>FINISHED</state></status></valgrindoutput>' >> x; mv x vg.%d.xml",
             pid, pid);
    dup2(pipe_end, STDIN_FILENO);
    execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    _exit(1);
}

__attribute__((constructor)) static void leave_a_child(void)
{
    int ends[2];
    const char *preloaded = getenv("LD_PRELOAD");
    const pid_t pid = getpid();
    if (!preloaded || !strstr(preloaded, "vgpreload") || pipe(ends) < 0)
        return;
    if (fork() == 0) {
        close(ends[1]);
        wait_and_forge(ends[0], pid);
    }
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    close(ends[0]);
}

int sum(int a, int b)
{
    return malloc(100) ? a + b : 0;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}

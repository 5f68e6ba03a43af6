/*+++
number = "52"
title = "executes a program with the setuid bit, and looks as whom it runs"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "no new privileges"
why = "without them the kernel would not take the filter from a process without capabilities"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        fputs("BREACH: it may gain privileges\n", stderr);
    int in[2];
    char path[64], line[200];
    unsigned uid, effective;
    if (pipe2(in, O_CLOEXEC) < 0)
        return 1;
    const pid_t child = vfork(); /* returns once the child has become the program */
    if (child == 0) {
        dup2(in[0], 0);
        execl("/bin/su", "su", (char *)NULL);
        _exit(0);
    }
    snprintf(path, sizeof path, "/proc/%d/status", child);
    FILE *status = fopen(path, "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Uid: %u %u", &uid, &effective) == 2 && effective != getuid())
            fputs("BREACH: it runs as another\n", stderr);
    if (status)
        fclose(status);
    close(in[1]);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return raise_all();
}

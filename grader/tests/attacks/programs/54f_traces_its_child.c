/*+++
number = "54"
title = "traces a child of its own, past whose stops the filter could be led"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls + the tracer"
why = "warden traces every process of a student already, and a process has one tracer"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
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
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    if (ptrace(PTRACE_SEIZE, child, 0, 0) == 0)
        fputs("BREACH: it traces\n", stderr);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return raise_all();
}

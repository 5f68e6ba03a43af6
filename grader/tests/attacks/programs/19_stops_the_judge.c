/*+++
number = "19"
title = "SIGSTOP for the judge"
file = "up.c"
succeeds = "says"
score = 40
[[defence]]
name = "uids"
+++*/
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    if (kill(getppid(), 0) == 0)
        fputs("BREACH: the supervisor\n", stderr);
    for (pid_t pid = 2; pid < 5000; pid++)
        if (pid != getpid() && kill(pid, 0) == 0 && kill(pid, SIGSTOP) == 0)
            fputs("BREACH\n", stderr);
    return 0;
}

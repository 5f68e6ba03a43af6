/*+++
number = "19"
title = "SIGKILL for the judge"
file = "up.c"
succeeds = "error"
score = 40
findings = ["wrong_output"]
[[defence]]
name = "uids"
[[defence]]
name = "unprivileged"
+++*/
#include <signal.h>
#include <unistd.h>

#define LAST_PID 200 /* in a pid namespace of its own */

int main(void)
{
    for (pid_t pid = 2; pid < LAST_PID; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    return 0;
}

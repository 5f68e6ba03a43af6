/*+++
number = "17"
title = "ptrace of the judge"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls"
also = ["uids"]
[[defence]]
name = "uids"
also = ["calls"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>

#define LAST_PID 200 /* in a pid namespace of its own; 1 is the supervisor, who traces us */

int main(void)
{
    for (pid_t pid = 2; pid < LAST_PID; pid++)
        if (pid != getpid() && ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) /* stops nobody */
            fputs("BREACH\n", stderr);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

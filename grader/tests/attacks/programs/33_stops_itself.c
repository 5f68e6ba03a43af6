/*+++
number = "33"
title = "SIGSTOP to itself; a child wakes it up later"
file = "up.c"
succeeds = "marks"
score = 40
args.limits = {wall_ms = 600}
[[defence]]
name = "limit:wall_ms"
+++*/
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
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
    const pid_t me = getpid(), child = fork();
    if (child == 0) {
        nanosleep(&(struct timespec){1, 500000000}, NULL);
        _exit(kill(me, SIGCONT) < 0);
    }
    raise(SIGSTOP);
    waitpid(child, NULL, 0);
    return raise_all();
}

/*
 * SIGCHLD set to SIG_IGN: the kernel reaps, wait() returns only when all children are gone, with ECHILD.
 * EXPECT: no finding
 * OUTPUT: ECHILD
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 5; i++)
        if (fork() == 0)
            _exit(i);
    if (wait(NULL) != -1 || errno != ECHILD)
        return 1;
    puts("ECHILD");
    return 0;
}

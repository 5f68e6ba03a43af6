/* Leaves processes behind in every way there is; then the main process ends. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static void stay(void)
{
    for (;;)
        pause();
}
int main(void)
{
    if (fork() == 0) { /* another session, double fork */
        setsid();
        if (fork() == 0)
            stay();
        _exit(0);
    }
    if (fork() == 0) { /* ignores what can be ignored */
        for (int i = 1; i < 32; i++)
            signal(i, SIG_IGN);
        stay();
    }
    if (fork() == 0) { /* stops itself */
        raise(SIGSTOP);
        stay();
    }
    if (fork() == 0) { /* computes */
        for (volatile long i = 0;; i++)
            ;
    }
    return 0;
}

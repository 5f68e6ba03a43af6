/*
 * One child after the other, for ever: a stop at a fork is where it is found.
 * OPTIONS: --timeout 2
 * EXPECT: timeout/still_running or busy_wait/spins
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    volatile int work = 0;
    signal(SIGCHLD, SIG_IGN);
    for (;;) {                  /* HERE */
        if (fork() == 0)        /* HERE */
            _exit(0);           /* HERE */
        while (++work % 300000) /* HERE */
            ;                   /* HERE */
    }
}

/*
 * sigsuspend() gets the very mask that blocks the signal it is to wait for: it stays pending.
 * EXPECT: hang/signal_blocked
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_usr1(int number)
{
    (void)number;
}

int main(void)
{
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGUSR1, on_usr1);
    if (fork() == 0)
        _exit(kill(getppid(), SIGUSR1));
    sigsuspend(&usr1); /* HERE */
    wait(NULL);
    return 0;
}

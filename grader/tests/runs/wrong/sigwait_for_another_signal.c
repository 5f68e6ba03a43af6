/*
 * sigwaitinfo() for SIGUSR2, and SIGUSR1 comes.
 * EXPECT: hang/waits_for_signal
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sigset_t both, usr2;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    both = usr2;
    sigaddset(&both, SIGUSR1);
    sigprocmask(SIG_BLOCK, &both, NULL);
    if (fork() == 0)
        _exit(kill(getppid(), SIGUSR1));
    sigwaitinfo(&usr2, NULL); /* HERE */
    wait(NULL);
    return 0;
}

/*
 * The handler is installed after the fork, and the child signals at once: the parent is killed by the default action.
 * EXPECT: crash/killed_by_signal
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
    if (fork() == 0) /* HERE */
        _exit(kill(getppid(), SIGUSR1));
    wait(NULL); /* HERE */
    signal(SIGUSR1, on_usr1);
    return 0;
}

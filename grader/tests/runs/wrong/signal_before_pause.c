/*
 * The signal is there before pause(): the handler has run, and pause() waits for another one.
 * EXPECT: hang/signal_lost
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
    signal(SIGUSR1, on_usr1);
    if (fork() == 0)
        _exit(kill(getppid(), SIGUSR1));
    while (wait(NULL) > 0)
        ;
    pause(); /* HERE */
    return 0;
}

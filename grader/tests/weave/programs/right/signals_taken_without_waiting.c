// Signals that are blocked elsewhere are let in by ppoll with no time to wait, until all have come.
// OUTPUT: 2
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t got;

static void on_signal(int number)
{
    (void)number;
    got++;
}

int main(void)
{
    sigset_t blocked, before;
    struct sigaction action = {.sa_handler = on_signal};
    const struct timespec none = {0};
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    while (got < 2)
        ppoll(NULL, 0, &none, &before);
    printf("%d\n", (int)got);
    return 0;
}

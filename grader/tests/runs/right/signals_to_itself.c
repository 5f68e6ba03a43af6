/*
 * raise(), kill(getpid()) and abort-free ways to signal oneself: the handler has run before raise() returns.
 * EXPECT: no finding
 * OUTPUT: 3 signals
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void on_signal(int number)
{
    (void)number;
    count++;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    raise(SIGUSR1);
    kill(getpid(), SIGTERM);
    pthread_kill(pthread_self(), SIGUSR1);
    printf("%d signals\n", (int)count);
    return count != 3;
}

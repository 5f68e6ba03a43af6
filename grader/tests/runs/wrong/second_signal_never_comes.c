/*
 * Two signals are waited for, one comes, and that inside the wait: none came too early.
 * EXPECT: hang/waits_for_signal
 */
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t got;

static void count(int number)
{
    (void)number;
    got++;
}

int main(void)
{
    sigset_t usr1, open;
    struct sigaction action = {.sa_handler = count};
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, &open);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    while (got < 2)
        sigsuspend(&open); /* HERE */
    return 0;
}

// The alarm is to end pause, but it may ring between the look at the flag and pause.
// DEADLOCK: PAUSE
// WEAVE: signals
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t rang;

static void handler(int signo)
{
    (void)signo;
    rang = 1;
}

int main(void)
{
    signal(SIGALRM, handler);
    alarm(1);
    if (!rang)
        pause(); /* PAUSE */
    return 0;
}

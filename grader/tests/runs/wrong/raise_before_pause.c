/*
 * The program sends itself the signal that it then waits for: its handler has run when pause() begins.
 * EXPECT: hang/signal_lost
 * SAYS: SIGUSR1 had come before that wait began (when it was at raise_before_pause.c:20)
 */
#include <signal.h>
#include <unistd.h>

static void on_usr1(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_usr1};

    if (sigaction(SIGUSR1, &action, NULL) < 0)
        return 1;
    raise(SIGUSR1);
    pause(); /* HERE */
    return 0;
}

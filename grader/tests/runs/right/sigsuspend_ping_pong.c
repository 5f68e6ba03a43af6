/*
 * Two processes hand a turn to and fro by SIGUSR1, blocked outside of sigsuspend(): a signal that comes early stays pending.
 * EXPECT: no finding
 * OUTPUT: 10 turns
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t mine;

static void on_turn(int number)
{
    (void)number;
    mine = 1;
}

static void await(const sigset_t *open)
{
    while (!mine)
        sigsuspend(open);
    mine = 0;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_turn};
    sigset_t usr1, open;
    int turns = 0;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, &open);
    sigdelset(&open, SIGUSR1);
    sigaction(SIGUSR1, &a, NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        for (int i = 0; i < 10; i++) {
            await(&open);
            kill(parent, SIGUSR1);
        }
        _exit(0);
    }
    for (; turns < 10; turns++) {
        kill(child, SIGUSR1);
        await(&open);
    }
    waitpid(child, NULL, 0);
    printf("%d turns\n", turns);
    return 0;
}

/*
 * Six children end at once while SIGCHLD is blocked; the handler runs once and reaps all, errno saved. The mask is opened
 * only inside sigsuspend(), so no signal is lost.
 * EXPECT: no finding
 * OUTPUT: reaped 6
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t reaped;

static void on_child(int number)
{
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved;
    (void)number;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigset_t chld, before;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &before);
    sigaction(SIGCHLD, &a, NULL);
    for (int i = 0; i < 6; i++)
        if (fork() == 0)
            _exit(0);
    while (reaped < 6)
        sigsuspend(&before);
    printf("reaped %d\n", (int)reaped);
    return 0;
}

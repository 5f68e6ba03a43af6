/*
 * Three children end while SIGCHLD is blocked: one signal, one wait() in the handler, and main waits for three.
 * EXPECT: hang/handler_reaps_too_few
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t reaped;

static void on_child(int number)
{
    (void)number;
    if (wait(NULL) > 0)
        reaped++;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_child};
    sigset_t chld, open;
    siginfo_t info;
    pid_t pid[3];
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &open);
    sigaction(SIGCHLD, &a, NULL);
    for (int i = 0; i < 3; i++)
        if ((pid[i] = fork()) == 0)
            _exit(0);
    for (int i = 0; i < 3; i++)
        waitid(P_PID, (id_t)pid[i], &info, WEXITED | WNOWAIT);
    while (reaped < 3)
        sigsuspend(&open); /* HERE */
    return 0;
}

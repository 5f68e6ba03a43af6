/*
 * As before, and main ends: two of three children were never waited for.
 * EXPECT: zombie/child_never_waited
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_child(int number)
{
    (void)number;
    wait(NULL);
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_child};
    sigset_t chld;
    siginfo_t info;
    pid_t pid[3];
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    sigaction(SIGCHLD, &a, NULL);
    for (int i = 0; i < 3; i++)
        if ((pid[i] = fork()) == 0) /* HERE */
            _exit(0);
    for (int i = 0; i < 3; i++)
        waitid(P_PID, (id_t)pid[i], &info, WEXITED | WNOWAIT);
    sigprocmask(SIG_UNBLOCK, &chld, NULL);
    return 0;
}

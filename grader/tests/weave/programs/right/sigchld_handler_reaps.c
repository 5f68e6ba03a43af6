// Children are reaped in the SIGCHLD handler with waitpid and WNOHANG, errno saved; main sleeps in sigsuspend
// meanwhile.
// OUTPUT: reaped 3
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t reaped;

static void on_child(int sig)
{
    int saved = errno;
    (void)sig;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved;
}

int main(void)
{
    struct sigaction sa = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigset_t chld, old;
    sigemptyset(&sa.sa_mask);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    if (sigaction(SIGCHLD, &sa, NULL) < 0 || sigprocmask(SIG_BLOCK, &chld, &old) < 0) {
        perror("signals");
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0)
            _exit(i);
    }
    while (reaped < 3)
        sigsuspend(&old);
    printf("reaped %d\n", (int)reaped);
    return 0;
}

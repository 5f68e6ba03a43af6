// "If it has not come yet, pause": the signal may come between the look and pause.
// DEADLOCK: PAUSE WAIT
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t come;

static void handler(int sig)
{
    (void)sig;
    come = 1;
}

int main(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = handler;
    if (sigaction(SIGUSR1, &sa, NULL) == -1) {
        perror("sigaction");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        if (!come)
            pause(); /* PAUSE */
        _exit(0);
    }
    kill(pid, SIGUSR1);
    if (waitpid(pid, NULL, 0) == -1) /* WAIT */
        return 1;
    puts("the child has seen the signal");
    return 0;
}

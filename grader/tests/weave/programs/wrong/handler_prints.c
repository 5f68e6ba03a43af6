// The handler of SIGUSR1 calls printf, which is not async-signal-safe: main may be in the middle of it.
// TROUBLE: signal_unsafe PRINT
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(int sig)
{
    printf("got signal %d\n", sig); /* PRINT */
}

static void handler(int sig)
{
    report(sig);
}

int main(void)
{
    struct sigaction sa = {.sa_handler = handler};
    sigset_t usr1, old;
    sigemptyset(&sa.sa_mask);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    if (sigaction(SIGUSR1, &sa, NULL) == -1 || sigprocmask(SIG_BLOCK, &usr1, &old) == -1) {
        perror("signals");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        sigsuspend(&old);
        exit(0);
    }
    if (kill(pid, SIGUSR1) == -1)
        return 1;
    return waitpid(pid, NULL, 0) != pid;
}

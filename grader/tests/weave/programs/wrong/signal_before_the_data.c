// The parent sends the signal and then fills in what the child shall read.
// RACE: FILL USE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t go;

static void on_signal(int sig)
{
    go = sig;
}

int main(void)
{
    int *limit = mmap(NULL, sizeof *limit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sigaction sa = {.sa_handler = on_signal};
    sigset_t set, old;
    sigemptyset(&sa.sa_mask);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (limit == MAP_FAILED || sigaction(SIGUSR1, &sa, NULL) || sigprocmask(SIG_BLOCK, &set, &old)) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        while (!go)
            sigsuspend(&old);
        exit(*limit > 100); /* USE */
    }
    kill(pid, SIGUSR1);
    *limit = 50; /* FILL */
    wait(NULL);
    return 0;
}

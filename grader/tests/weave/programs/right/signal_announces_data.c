// The parent fills a table and sends SIGUSR1; the child's handler sets a flag, and the child waits for it in
// sigsuspend.
// OUTPUT: the child summed up 10
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t filled;

static void on_usr1(int sig)
{
    (void)sig;
    filled = 1;
}

int main(void)
{
    int *table = mmap(NULL, 4 * sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigset_t block, old;
    struct sigaction sa;
    if (table == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_usr1;
    sigemptyset(&sa.sa_mask);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    if (sigaction(SIGUSR1, &sa, NULL) < 0 || sigprocmask(SIG_BLOCK, &block, &old) < 0) {
        perror("signals");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        while (!filled)
            sigsuspend(&old);
        exit(table[0] + table[1] + table[2] + table[3]);
    }
    for (int i = 0; i < 4; i++)
        table[i] = i + 1;
    if (kill(pid, SIGUSR1) < 0) {
        perror("kill");
        return 1;
    }
    int status;
    waitpid(pid, &status, 0);
    printf("the child summed up %d\n", WEXITSTATUS(status));
    return 0;
}

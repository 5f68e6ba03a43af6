// The handler counts in an ordinary variable that main reads and writes too.
// TROUBLE: shared_with_handler HANDLER
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    int signals;
    int lines;
} seen;

static void on_usr2(int sig)
{
    (void)sig;
    seen.signals++; /* HANDLER */
}

int main(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_usr2;
    sa.sa_flags = SA_RESTART;
    if (sigaction(SIGUSR2, &sa, NULL) < 0) {
        perror("sigaction");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        kill(getppid(), SIGUSR2);
        _exit(0);
    }
    seen.lines++;
    wait(NULL);
    if (seen.signals > 0)
        seen.signals = 0;
    printf("%d lines\n", seen.lines);
    return 0;
}

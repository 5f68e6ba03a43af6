// The SIGCHLD handler reaps until there is no child left, which sets errno to ECHILD; main's sleep was
// interrupted with EINTR and now seems to have failed for another reason.
// TROUBLE: errno_clobbered CALL
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void on_child(int sig)
{
    (void)sig;
    while (waitpid(-1, NULL, WNOHANG) > 0) /* CALL */
        ;
}

int main(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_child;
    if (sigaction(SIGCHLD, &sa, NULL) < 0) {
        perror("sigaction");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0)
        _exit(0);
    struct timespec left = {.tv_sec = 5};
    while (nanosleep(&left, &left) == -1)
        if (errno != EINTR) {
            perror("nanosleep");
            return 1;
        }
    return 0;
}

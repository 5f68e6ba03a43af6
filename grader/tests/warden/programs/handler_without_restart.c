/* Children end while the parent makes system calls that no signal interrupts (signal(7)): with a handler
 * that has no SA_RESTART, none of them may fail with EINTR. Prints how many did, of which call. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_child(int number)
{
    int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_child};
    int forks = 0, pipes = 0, pairs = 0;
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 1000; i++) {
        int fds[2];
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        forks += pid < 0 && errno == EINTR;
        for (int k = 0; k < 3; k++) {
            if (pipe(fds) == 0) {
                close(fds[0]);
                close(fds[1]);
            } else {
                pipes += errno == EINTR;
            }
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0) {
                close(fds[0]);
                close(fds[1]);
            } else {
                pairs += errno == EINTR;
            }
        }
    }
    printf("fork %d pipe %d socketpair %d\n", forks, pipes, pairs);
    return 0;
}

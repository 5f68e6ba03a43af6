/*
 * waitpid() without WNOHANG in a loop in the handler: it reaps the short-lived child and then blocks main, for which the other
 * child waits.
 * EXPECT: deadlock/write_end_kept_by_waiting_parent or deadlock/wait_in_a_cycle
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_child(int number)
{
    (void)number;
    while (waitpid(-1, NULL, 0) > 0) /* HERE */
        ;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_child};
    sigset_t chld, open;
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &open);
    sigaction(SIGCHLD, &a, NULL);
    if (fork() == 0) {
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) != 1); /* HERE */
    }
    if (fork() == 0)
        _exit(0);
    sigsuspend(&open);
    write(fd[1], "x", 1);
    return 0;
}

/*
 * SIGCHLD is blocked and read from a signalfd; signals merge, so each read is followed by waitpid(WNOHANG) in a loop.
 * EXPECT: no finding
 * OUTPUT: 4 children, sum of codes 10
 */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct signalfd_siginfo info;
    sigset_t chld;
    int children = 0, sum = 0, status;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    int fd = signalfd(-1, &chld, SFD_CLOEXEC);
    for (int i = 1; i <= 4; i++)
        if (fork() == 0)
            _exit(i);
    while (children < 4 && read(fd, &info, sizeof info) == sizeof info)
        while (waitpid(-1, &status, WNOHANG) > 0) {
            children++;
            sum += WEXITSTATUS(status);
        }
    printf("%d children, sum of codes %d\n", children, sum);
    return 0;
}

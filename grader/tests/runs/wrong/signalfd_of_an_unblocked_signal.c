/*
 * A signalfd for SIGCHLD which is not blocked: the signal is dropped as by default and the descriptor never gets it.
 * EXPECT: hang/waits_for_signal or hang/waits_for_input or hang/blocked
 * XFAIL: mostly: tracing ends the wait: an ignored SIGCHLD is queued for a tracee
 */
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct signalfd_siginfo info;
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    int fd = signalfd(-1, &chld, 0);
    if (fd < 0)
        return 1;
    if (fork() == 0)
        _exit(0);
    read(fd, &info, sizeof info); /* HERE */
    wait(NULL);
    return 0;
}

/*
 * Reads until the end, whatever interrupts it.
 * OPTIONS: --fault read:2=EINTR --fault wait:1=EINTR --fault pause:1=EINTR
 * EXPECT: no finding
 * OUTPUT: one
 * OUTPUT: two
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int from, FILE *to)
{
    char byte;
    ssize_t n;
    while ((n = read(from, &byte, 1)) == 1 || (n < 0 && errno == EINTR))
        if (n == 1)
            fputc(byte, to);
    return n < 0;
}

int main(void)
{
    int fd[2], status;
    if (pipe(fd) < 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(fd[0]);
        pause(); /* who waits for a signal is meant to be interrupted */
        if (write(fd[1], "one\ntwo\n", 8) != 8)
            _exit(1);
        _exit(0);
    }
    close(fd[1]);
    if (copy(fd[0], stdout) != 0)
        return 1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return status != 0;
}

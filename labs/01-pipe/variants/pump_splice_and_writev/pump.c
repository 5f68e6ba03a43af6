#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int output(int from)
{
    char a[100], b[1000];
    for (;;) {
        struct iovec in[2] = {{a, sizeof a}, {b, sizeof b}};
        ssize_t n = readv(from, in, 2);
        if (n <= 0)
            return n < 0;
        size_t in_a = (size_t)n < sizeof a ? (size_t)n : sizeof a, in_b = (size_t)n - in_a;
        for (size_t i = 0; i < in_a; i++)
            if (a[i] >= 'a' && a[i] <= 'z')
                a[i] -= 32;
        for (size_t i = 0; i < in_b; i++)
            if (b[i] >= 'a' && b[i] <= 'z')
                b[i] -= 32;
        struct iovec out[2] = {{a, in_a}, {b, in_b}};
        int first = 0;
        while (first < 2) {
            ssize_t w = writev(1, out + first, 2 - first);
            if (w < 0)
                return 1;
            while (first < 2 && (size_t)w >= out[first].iov_len) {
                w -= (ssize_t)out[first].iov_len;
                first++;
            }
            if (first < 2) {
                out[first].iov_base = (char *)out[first].iov_base + w;
                out[first].iov_len -= (size_t)w;
            }
        }
    }
}

int main(void)
{
    int fd[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(fd, O_CLOEXEC) < 0) {
        perror("pipe2");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        close(fd[1]);
        _exit(output(fd[0]));
    }
    close(fd[0]);
    ssize_t n;
    while ((n = splice(0, NULL, fd[1], NULL, 65536, SPLICE_F_MOVE)) > 0)
        ;
    if (n < 0)
        perror("splice");
    close(fd[1]);
    siginfo_t info;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
        return 1;
    return n < 0 || info.si_code != CLD_EXITED || info.si_status != 0;
}

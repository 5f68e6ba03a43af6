#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    poll(&p, 1, -1);
}

static int copy(int from, int to, int upper)
{
    char b[5000];
    for (;;) {
        ssize_t n = read(from, b, sizeof b);
        if (n < 0 && errno == EAGAIN) {
            wait_for(from, POLLIN);
            continue;
        }
        if (n <= 0)
            return (int)n;
        for (ssize_t i = 0; upper && i < n; i++)
            if (b[i] >= 'a' && b[i] <= 'z')
                b[i] = (char)(b[i] - 'a' + 'A');
        for (ssize_t done = 0; done < n;) {
            ssize_t w = write(to, b + done, (size_t)(n - done));
            if (w >= 0)
                done += w;
            else if (errno == EAGAIN)
                wait_for(to, POLLOUT);
            else
                return -1;
        }
    }
}

int main(void)
{
    int p[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(p) < 0) {
        perror("pipe");
        return 1;
    }
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    fcntl(p[1], F_SETFL, O_NONBLOCK);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        return 1;
    }
    if (child == 0) {
        close(p[1]);
        int r = copy(p[0], 1, 1);
        if (r)
            perror("copy");
        _exit(r ? 1 : 0);
    }
    close(p[0]);
    wait_for(0, POLLIN);
    int r = copy(0, p[1], 0), status;
    close(p[1]);
    waitpid(child, &status, 0);
    return r || status;
}

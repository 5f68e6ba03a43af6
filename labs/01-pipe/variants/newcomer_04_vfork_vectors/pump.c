/* pump: the parent reads; the child is a fresh pump, told by its environment to be the writer, with the pipe as its stdin. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARTS 3
#define ROLE "PUMP_ROLE_OF_CHILD"

static unsigned char part[PARTS][1000];

static ssize_t read_parts(int fd)
{
    struct iovec v[PARTS];

    for (int i = 0; i < PARTS; i++)
        v[i] = (struct iovec){ part[i], sizeof part[i] };
    return readv(fd, v, PARTS);
}

/* writev may stop anywhere, so the vector is built anew from the place where it has stopped */
static int write_parts(int fd, size_t n)
{
    size_t done = 0;

    while (done < n) {
        struct iovec v[PARTS];
        int used = 0;
        for (int i = 0; i < PARTS; i++) {
            size_t from = i * sizeof part[0], to = from + sizeof part[0];
            if (from < done)
                from = done;
            if (to > n)
                to = n;
            if (from < to)
                v[used++] = (struct iovec){ &part[0][0] + from, to - from };
        }
        ssize_t k = writev(fd, v, used);
        if (k < 0)
            return -1;
        done += (size_t)k;
    }
    return 0;
}

static int complain(const char *what)
{
    fprintf(stderr, "pump: %s: %s\n", what, strerror(errno));
    return 1;
}

static int writer(void)
{
    ssize_t n;

    while ((n = read_parts(STDIN_FILENO)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            unsigned char *c = &part[0][0] + i;
            switch (*c) {
            case 'a' ... 'z':
                *c ^= 0x20;
            }
        }
        if (write_parts(STDOUT_FILENO, (size_t)n))
            return complain("stdout");
    }
    return n < 0 ? complain("pipe") : 0;
}

static int reader(int out)
{
    for (;;) {
        /* second entry: no event is asked for, but POLLERR comes when nobody reads the pipe any more */
        struct pollfd p[2] = { { STDIN_FILENO, POLLIN, 0 }, { out, 0, 0 } };
        if (poll(p, 2, -1) < 0)
            return complain("poll");
        if (p[1].revents) {
            errno = EPIPE;
            return complain("writer");
        }
        ssize_t n = read_parts(STDIN_FILENO);
        if (n < 0)
            return complain("stdin");
        if (n == 0)
            return 0;
        if (write_parts(out, (size_t)n))
            return complain("pipe");
    }
}

int main(int argc, char **argv)
{
    char self[PATH_MAX];
    static char role[] = ROLE "=writer";
    char *child_argv[] = { "pump", NULL };
    int ends[2], status, bad;
    ssize_t n;
    pid_t pid;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    if (getenv(ROLE) != NULL)
        return writer();

    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        return complain("stdin");
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return complain("stdout");

    n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0)
        self[n] = '\0';
    else
        snprintf(self, sizeof self, "%s", argc > 0 ? argv[0] : "./pump");

    if (putenv(role) != 0)
        return complain("putenv");
    if (pipe(ends) < 0)
        return complain("pipe");
    pid = vfork();
    if (pid < 0)
        return complain("vfork");
    if (pid == 0) {
        /* stdin and stdout are open, so both ends are above 1 */
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        execv(self, child_argv);
        _exit(127);
    }
    close(ends[0]);
    bad = reader(ends[1]);
    close(ends[1]);
    if (waitpid(pid, &status, 0) < 0)
        return complain("waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "pump: the writer has failed\n");
        bad = 1;
    }
    return bad;
}

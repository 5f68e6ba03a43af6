#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static char *path;

static void clean_up(void)
{
    unlink(path);
}

static void deliver(const char *where, const char *what, size_t size)
{
    struct stat info;
    int fd = open(where, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode))
        if (write(fd, what, size) < 0 && errno == EAGAIN)
            fprintf(stderr, "%s is full\n", where);
    if (fd >= 0)
        close(fd);
}

static void one_line(char *line)
{
    size_t size = strlen(line);
    char *text = strpbrk(line, " ");
    if (size > PIPE_BUF || !text || text == line)
        return;
    *text++ = 0;
    for (char *c = text; *c; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyz", *c))
            *c &= ~0x20;
    deliver(line, text, strlen(text));
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    path = argv[1];
    struct stat info;
    if (mknod(path, S_IFIFO | 0600, 0) < 0) {
        if (errno != EEXIST || lstat(path, &info) < 0 || !S_ISFIFO(info.st_mode)) {
            perror(path);
            exit(1);
        }
    }
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    atexit(clean_up);
    int fds[2] = {open(path, O_RDWR | O_NONBLOCK), signalfd(-1, &term, SFD_CLOEXEC)}, set = epoll_create1(0);
    for (int i = 0; i < 2; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fds[i]};
        if (fds[i] < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &e) < 0)
            exit(1);
    }
    printf("ready\n");
    fflush(stdout);
    char *all = NULL;
    size_t size = 0;
    for (;;) {
        struct epoll_event e;
        if (epoll_wait(set, &e, 1, -1) < 1)
            continue;
        if (e.data.fd == fds[1]) {
            free(all);
            exit(0);
        }
        char *more = realloc(all, size + 5001);
        if (!more)
            exit(1);
        all = more;
        ssize_t n = read(fds[0], all + size, 5000);
        if (n <= 0)
            continue;
        size += (size_t)n;
        all[size] = 0;
        char *start = all, *end;
        while ((end = strchr(start, '\n'))) {
            char next = end[1];
            end[1] = 0;
            one_line(start);
            end[1] = next;
            start = end + 1;
        }
        size -= (size_t)(start - all);
        memmove(all, start, size + 1);
    }
}

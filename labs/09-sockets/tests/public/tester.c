/*
 * Unix sockets lie in the student's working directory, which the judge may not enter. This program of the
 * tests has the student's rights, does one thing there, and knows nothing itself.
 *
 *     tester connect PATH      connects, and hands the socket over through descriptor 10; else exits with 1
 *     tester listen PATH       listens there, and hands the listening socket over
 *     tester write PATH TEXT   makes a file
 *     tester look PATH         prints "nothing", "socket", or "file" and a blank and what it holds
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JUDGE 10

static int must(const char *what, ssize_t result)
{
    if (result < 0) {
        fprintf(stderr, "tester: %s: %s\n", what, strerror(errno));
        exit(120);
    }
    return (int)result;
}

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return a;
}

static int hand_over(int fd)
{
    char byte = 's';
    union {
        struct cmsghdr aligned;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {&byte, 1};
    struct msghdr h = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    must("sendmsg", sendmsg(JUDGE, &h, 0));
    return 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un a = address(path);
    int fd = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        printf("%s", strerrorname_np(errno));
        return 1;
    }
    return hand_over(fd);
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = address(path);
    int fd = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    must("bind", bind(fd, (struct sockaddr *)&a, sizeof a));
    must("listen", listen(fd, 10));
    return hand_over(fd);
}

static int write_file(const char *path, const char *text)
{
    int fd = must("open", open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
    must("write", write(fd, text, strlen(text)));
    return 0;
}

static int look(const char *path)
{
    struct stat info;
    char text[1000];
    if (lstat(path, &info) < 0) {
        printf("nothing");
    } else if (S_ISSOCK(info.st_mode)) {
        printf("socket");
    } else if (!S_ISREG(info.st_mode)) {
        printf("something else");
    } else {
        int fd = must("open", open(path, O_RDONLY));
        printf("file %.*s", must("read", read(fd, text, sizeof text)), text);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (strcmp(what, "connect") == 0)
        return connect_to(argv[2]);
    if (strcmp(what, "listen") == 0)
        return listen_at(argv[2]);
    if (strcmp(what, "write") == 0 && argc == 4)
        return write_file(argv[2], argv[3]);
    if (strcmp(what, "look") == 0)
        return look(argv[2]);
    return 120;
}

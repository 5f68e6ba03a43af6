/* Little programs with sockets, right and wrong, for the suite sockets.c; "connect" and "listen" are a
 * peer's. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int must(int result)
{
    if (result < 0) {
        perror("network");
        exit(9);
    }
    return result;
}

static int listening_tcp(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = must(socket(AF_INET, SOCK_STREAM, 0));
    must(bind(fd, (struct sockaddr *)&a, sizeof a));
    must(listen(fd, 5));
    must(getsockname(fd, (struct sockaddr *)&a, &size));
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static struct sockaddr_un path_address(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return a;
}

static int listening_unix(const char *path)
{
    struct sockaddr_un a = path_address(path);
    int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
    must(bind(fd, (struct sockaddr *)&a, sizeof a));
    must(listen(fd, 5));
    return fd;
}

/* Sends back what comes, until its end. */
static int echo(int fd)
{
    char buf[1000];
    ssize_t n;
    while ((n = must((int)recv(fd, buf, sizeof buf, 0))) > 0)
        must((int)send(fd, buf, (size_t)n, 0));
    return 0;
}

static int says_much(int fd)
{
    static char much[1000];
    while (must((int)send(fd, much, sizeof much, 0)) > 0)
        ;
    return 0;
}

/* One byte, and the rest at once: Nagle's algorithm holds the rest back, until the other side acknowledges.
 */
static int in_two(int fd)
{
    char buf[2];
    while (must((int)recv(fd, buf, sizeof buf, MSG_WAITALL)) == 2) {
        must((int)send(fd, buf, 1, 0));
        must((int)send(fd, buf + 1, 1, 0));
    }
    return 0;
}

static int hand_over(int fd)
{
    char byte = 'x';
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)];
    struct iovec part = {&byte, 1};
    struct msghdr h = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    must((int)sendmsg(10, &h, 0));
    return 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un a = path_address(path);
    int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        puts(strerrorname_np(errno));
        return 1;
    }
    return hand_over(fd);
}

static int client(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)port);
    int fd = must(socket(AF_INET, SOCK_STREAM, 0));
    must(connect(fd, (struct sockaddr *)&a, sizeof a));
    must((int)send(fd, "hello", 5, 0));
    return 0;
}

/* Says hello to the port that the environment names, and repeats what comes as often as `times` says. */
static int udp(int times)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char buf[100];
    const char *port = getenv("PORT");
    a.sin_port = htons((uint16_t)atoi(port ? port : "9"));
    int fd = must(socket(AF_INET, SOCK_DGRAM, 0));
    must(connect(fd, (struct sockaddr *)&a, sizeof a));
    must((int)send(fd, "hello", 5, 0));
    for (int i = 0; i < times; i++)
        must((int)send(fd, buf, (size_t)must((int)recv(fd, buf, sizeof buf, 0)), 0));
    puts("done");
    fflush(stdout);
    return must((int)recv(fd, buf, sizeof buf, 0)) != 0;
}

static int to_group(const char *group, int port, const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct ip_mreqn from = {.imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = must(socket(AF_INET, SOCK_DGRAM, 0));
    inet_pton(AF_INET, group, &a.sin_addr);
    must(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from));
    must((int)sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, sizeof a));
    return 0;
}

/* Has a UDP port at 0.0.0.0, says which, and waits. */
static int everywhere(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;
    int fd = must(socket(AF_INET, SOCK_DGRAM, 0));
    must(bind(fd, (struct sockaddr *)&a, sizeof a));
    must(getsockname(fd, (struct sockaddr *)&a, &size));
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return must((int)recv(fd, &a, 1, 0));
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "echo") == 0)
        return echo(must(accept(listening_tcp(), NULL, NULL)));
    if (strcmp(what, "says_much") == 0)
        return says_much(must(accept(listening_tcp(), NULL, NULL)));
    if (strcmp(what, "in_two") == 0)
        return in_two(must(accept(listening_tcp(), NULL, NULL)));
    if (strcmp(what, "deaf") == 0) {
        int fd = must(accept(listening_tcp(), NULL, NULL));
        accept(fd - 1, NULL, NULL);
    }
    if (strcmp(what, "client") == 0)
        return client(atoi(argv[2]));
    if (strcmp(what, "echo_unix") == 0) {
        int fd = listening_unix(argv[2]);
        puts("ready");
        fflush(stdout);
        return echo(must(accept(fd, NULL, NULL)));
    }
    if (strcmp(what, "udp") == 0)
        return udp(atoi(argv[2]));
    if (strcmp(what, "everywhere") == 0)
        return everywhere();
    if (strcmp(what, "group") == 0)
        return to_group(argv[2], atoi(argv[3]), argv[4]);
    if (strcmp(what, "connect") == 0)
        return connect_to(argv[2]);
    if (strcmp(what, "listen") == 0)
        return hand_over(listening_unix(argv[2]));
    return 9;
}

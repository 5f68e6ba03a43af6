// Datagrams on loopback: clients ask, the server answers each to where it came from, until it has seen an
// empty one.
// OUTPUT: 2 clients, all squares right
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int bound(struct sockaddr_in *me)
{
    socklen_t size = sizeof *me;
    *me = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)me, size) < 0 ||
        getsockname(fd, (struct sockaddr *)me, &size) < 0) {
        perror("socket");
        exit(1);
    }
    return fd;
}

static void client(const struct sockaddr_in *server, int from)
{
    struct sockaddr_in me;
    int fd = bound(&me);
    for (int n = from; n < from + 3; n++) {
        int answer;
        if (sendto(fd, &n, sizeof n, 0, (const struct sockaddr *)server, sizeof *server) != sizeof n)
            exit(1);
        if (recvfrom(fd, &answer, sizeof answer, 0, NULL, NULL) != sizeof answer || answer != n * n)
            exit(1);
    }
    exit(0);
}

static void serve(int fd)
{
    for (;;) {
        int n;
        struct sockaddr_in who;
        socklen_t size = sizeof who;
        ssize_t got = recvfrom(fd, &n, sizeof n, 0, (struct sockaddr *)&who, &size);
        if (got == 0)
            exit(0);
        n *= n;
        if (got != sizeof n || sendto(fd, &n, sizeof n, 0, (struct sockaddr *)&who, size) != sizeof n)
            exit(1);
    }
}

int main(void)
{
    struct sockaddr_in server;
    int fd = bound(&server), status, bad = 0;
    pid_t server_pid = fork();
    if (server_pid == 0)
        serve(fd);
    pid_t clients[2];
    for (int i = 0; i < 2; i++)
        if ((clients[i] = fork()) == 0)
            client(&server, 10 * i + 1);
    for (int i = 0; i < 2; i++) {
        if (clients[i] < 0 || waitpid(clients[i], &status, 0) < 0)
            return 1;
        bad |= status;
    }
    if (sendto(fd, "", 0, 0, (struct sockaddr *)&server, sizeof server) != 0 ||
        waitpid(server_pid, &status, 0) < 0)
        return 1;
    puts(bad | status ? "something was wrong" : "2 clients, all squares right");
    return 0;
}

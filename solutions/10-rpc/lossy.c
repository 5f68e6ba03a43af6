/*
 * Given: a bad network, for trying by hand (the tests have their own). It takes the place of rpcd at the
 * registry, and passes requests and replies on: one of four it loses, one of four it doubles.
 *
 *     ./lossy [SEED]        when rpcd is registered; serves one client at a time, until it is killed
 */
#include "rpc.h"

#include "registry.h"

static int new_socket(uint16_t *port)
{
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof me;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&me, &size) < 0) {
        perror("lossy");
        exit(1);
    }
    *port = ntohs(me.sin_port);
    return fd;
}

/* Takes what has come from `in`, and passes it on through `out` to `to`: not at all, once, or twice. */
static void pass(int in, struct sockaddr_in *from, int out, const struct sockaddr_in *to, const char *what)
{
    char bytes[2048];
    socklen_t size = sizeof *from;
    ssize_t n = recvfrom(in, bytes, sizeof bytes, 0, (struct sockaddr *)from, &size);
    static const int times[] = {0, 1, 1, 2};
    static const char *const words[] = {"lost", "passed on", "doubled"};
    int t = times[rand() / 64 % 4];
    if (n < 0)
        return;
    fprintf(stderr, "lossy: a %s is %s\n", what, words[t]);
    for (int i = 0; i < t; i++)
        sendto(out, bytes, (size_t)n, 0, (const struct sockaddr *)to, sizeof *to);
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in client = server, from;
    uint16_t front_port, back_port;
    int front = new_socket(&front_port), back = new_socket(&back_port);
    int port = registry_get(RPC_PROGRAM, RPC_VERSION);
    if (port <= 0 || registry_set(RPC_PROGRAM, RPC_VERSION, front_port) < 0) {
        fprintf(stderr, "lossy: the registry knows no rpcd, or cannot be asked\n");
        return 1;
    }
    server.sin_port = htons((uint16_t)port);
    srand(argc > 1 ? (unsigned)atoi(argv[1]) : 1);
    for (;;) {
        struct pollfd fds[2] = {{.fd = front, .events = POLLIN}, {.fd = back, .events = POLLIN}};
        poll(fds, 2, -1);
        if (fds[0].revents)
            pass(front, &client, back, &server, "request");
        if (fds[1].revents)
            pass(back, &from, front, &client, "reply");
    }
}

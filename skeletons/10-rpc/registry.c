/*
 * Given: the registry, for trying by hand (the tests bring their own). registry.h says what it speaks.
 *
 *     ./registry          prints RPC_REGISTRY=127.0.0.1:PORT, and serves until it is killed
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct {
    unsigned prog, vers, port;
} known[100];
static int count;

static unsigned *port_of(unsigned prog, unsigned vers)
{
    for (int i = 0; i < count; i++)
        if (known[i].prog == prog && known[i].vers == vers)
            return &known[i].port;
    return NULL;
}

static void set(unsigned prog, unsigned vers, unsigned port)
{
    if (!port_of(prog, vers) && count < 100) {
        known[count].prog = prog;
        known[count++].vers = vers;
    }
    if (port_of(prog, vers))
        *port_of(prog, vers) = port;
}

int main(void)
{
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
    socklen_t size = sizeof me;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&me, &size) < 0) {
        perror("registry");
        return 1;
    }
    printf("RPC_REGISTRY=127.0.0.1:%u\n", ntohs(me.sin_port));
    fflush(stdout);
    for (;;) {
        char line[128], answer[64] = "";
        unsigned id, prog, vers, port;
        size = sizeof from;
        ssize_t n = recvfrom(fd, line, sizeof line - 1, 0, (struct sockaddr *)&from, &size);
        if (n < 0)
            continue;
        line[n] = '\0';
        if (sscanf(line, "%u set %u %u %u", &id, &prog, &vers, &port) == 4) {
            set(prog, vers, port);
            snprintf(answer, sizeof answer, "%u ok\n", id);
        } else if (sscanf(line, "%u get %u %u", &id, &prog, &vers) == 3) {
            unsigned *found = port_of(prog, vers);
            snprintf(answer, sizeof answer, "%u %u\n", id, found ? *found : 0);
        }
        fprintf(stderr, "registry: %.*s -> %s", (int)strcspn(line, "\n"), line,
                *answer ? answer : "nothing\n");
        if (*answer)
            sendto(fd, answer, strlen(answer), 0, (struct sockaddr *)&from, size);
    }
}

/*
 * A TCP connection, and client and server both read first.
 * EXPECT: deadlock/wait_in_a_cycle or deadlock/wait_in_a_circle
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void talk(int s)
{
    char byte;
    read(s, &byte, 1); /* HERE */
    write(s, "x", 1);
}

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (void *)&a, size) < 0 || listen(server, 1) < 0 ||
        getsockname(server, (void *)&a, &size) < 0)
        return 1;
    if (fork() == 0) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        close(server);
        if (connect(s, (void *)&a, sizeof a) == 0)
            talk(s);
        _exit(0);
    }
    int c = accept(server, NULL, NULL);
    talk(c);
    wait(NULL);
    return 0;
}

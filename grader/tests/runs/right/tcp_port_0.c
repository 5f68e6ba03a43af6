/*
 * TCP on the loopback, the port chosen by the kernel; the client sends in two pieces, the server reads until end-of-file.
 * EXPECT: no finding
 * OUTPUT: hello, world
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    char byte;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || bind(server, (void *)&a, size) < 0 || listen(server, 1) < 0 ||
        getsockname(server, (void *)&a, &size) < 0)
        return 1;
    if (fork() == 0) {
        close(server);
        int s = socket(AF_INET, SOCK_STREAM, 0);
        _exit(connect(s, (void *)&a, sizeof a) < 0 || write(s, "hello, ", 7) != 7 ||
              write(s, "world\n", 6) != 6);
    }
    int c = accept(server, NULL, NULL);
    while (read(c, &byte, 1) == 1)
        putchar(byte);
    wait(NULL);
    return 0;
}

/*
 * UDP: the client sends to a port where nobody is, and waits for an answer without a timeout. (Not connected: no ECONNREFUSED.)
 * EXPECT: hang/waits_for_message
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    char data[8];
    int gone = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(gone, (void *)&a, size) < 0 || getsockname(gone, (void *)&a, &size) < 0 || close(gone) < 0)
        return 1;
    if (sendto(s, "?", 1, 0, (void *)&a, size) != 1)
        return 1;
    recvfrom(s, data, sizeof data, 0, NULL, NULL); /* HERE */
    return 0;
}

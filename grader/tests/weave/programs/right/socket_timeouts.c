// SO_RCVTIMEO: recv and accept say EAGAIN when the time is over, and a question that was lost is asked again.
// OUTPUT: 3 answers, then nobody came
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUESTIONS = 3 };

static int bound(int type, struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, type, 0);
    if (s < 0 || bind(s, (struct sockaddr *)address, length) != 0 || getsockname(s, (struct sockaddr *)address, &length) != 0)
        _exit(1);
    return s;
}

static void wait_at_most(int s, int ms)
{
    struct timeval time = {.tv_usec = ms * 1000};
    if (setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0)
        _exit(1);
}

/* Answers each question, but loses every second packet. */
static void serve(int s)
{
    struct sockaddr_in from;
    for (int packets = 0, number;; packets++) {
        socklen_t length = sizeof from;
        if (recvfrom(s, &number, sizeof number, 0, (struct sockaddr *)&from, &length) != sizeof number)
            _exit(1);
        if (number < 0)
            _exit(0);
        if (packets % 2 == 1)
            sendto(s, &number, sizeof number, 0, (struct sockaddr *)&from, length);
    }
}

int main(void)
{
    struct sockaddr_in address, nobody;
    int answers = 0, answer;
    int server = bound(SOCK_DGRAM, &address);
    if (fork() == 0)
        serve(server);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(s, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    wait_at_most(s, 50);
    for (int i = 0; i < QUESTIONS; i++) {
        do
            send(s, &i, sizeof i, 0);
        while (recv(s, &answer, sizeof answer, 0) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
        answers += answer == i;
    }
    send(s, &(int){-1}, sizeof(int), 0);
    wait(NULL);
    int listener = bound(SOCK_STREAM, &nobody);
    listen(listener, 1);
    wait_at_most(listener, 100);
    if (accept(listener, NULL, NULL) >= 0 || errno != EAGAIN)
        return 2;
    printf("%d answers, then nobody came\n", answers);
    return 0;
}

/*
 * A socket pair, and both sides receive first.
 * EXPECT: deadlock/wait_in_a_cycle or deadlock/wait_in_a_circle
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void talk(int s)
{
    char byte;
    recv(s, &byte, 1, 0); /* HERE */
    send(s, "x", 1, 0);
}

int main(void)
{
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
        return 1;
    if (fork() == 0) {
        close(sv[0]);
        talk(sv[1]);
        _exit(0);
    }
    close(sv[1]);
    talk(sv[0]);
    wait(NULL);
    return 0;
}

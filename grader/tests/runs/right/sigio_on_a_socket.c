/*
 * O_ASYNC: the kernel sends SIGIO when bytes come. The parent waits for a signal that no process sends.
 * EXPECT: no finding
 * OUTPUT: SIGIO, 3 bytes
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    int sv[2];
    char text[8];
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0 || fcntl(sv[0], F_SETOWN, getpid()) < 0 ||
        fcntl(sv[0], F_SETFL, O_ASYNC) < 0)
        return 1;
    if (fork() == 0)
        _exit(write(sv[1], "abc", 3) != 3);
    if (sigwaitinfo(&set, NULL) != SIGIO)
        return 1;
    printf("SIGIO, %d bytes\n", (int)read(sv[0], text, sizeof text));
    wait(NULL);
    return 0;
}

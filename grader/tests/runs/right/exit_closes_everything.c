/*
 * No descriptor is ever closed by hand, pipes, a file and a socket pair among them: exit closes them all, and nobody waits
 * for an end-of-file meanwhile.
 * EXPECT: no finding
 * OUTPUT: x
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], sv[2];
    char byte;
    if (pipe(fd) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0 || open("/dev/null", O_RDWR) < 0)
        return 1;
    if (fork() == 0)
        _exit(write(fd[1], "x", 1) != 1);
    if (read(fd[0], &byte, 1) != 1)
        return 1;
    wait(NULL);
    printf("%c\n", byte);
    return 0;
}

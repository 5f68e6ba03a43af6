// Two processes and a pair of sockets: each waits for the other's greeting before it sends its own.
// DEADLOCK: READ READ
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void talk(int fd, const char *hello)
{
    char text[16];
    ssize_t n = read(fd, text, sizeof text - 1); /* READ */
    if (n < 0)
        exit(1);
    text[n] = '\0';
    if (write(fd, hello, 3) != 3)
        exit(1);
}

int main(void)
{
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0) {
        perror("socketpair");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        close(sv[0]);
        talk(sv[1], "you");
        exit(0);
    }
    close(sv[1]);
    talk(sv[0], "me!");
    waitpid(pid, NULL, 0);
    return 0;
}

/*
 * A child closes whatever might be open before it executes another program; most of these close() fail with EBADF, rightly.
 * EXPECT: no finding
 * OUTPUT: clean
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], status;
    if (pipe(fd) < 0 || dup(0) < 0 || dup(1) < 0)
        return 1;
    if (fork() == 0) {
        for (int i = 3; i < 256; i++)
            close(i);
        execlp("echo", "echo", "clean", (char *)0);
        _exit(127);
    }
    wait(&status);
    return status != 0;
}

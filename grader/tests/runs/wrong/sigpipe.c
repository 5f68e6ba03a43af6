/*
 * The reader has gone, and the writer dies of SIGPIPE: nobody handles it.
 * EXPECT: crash/killed_by_signal
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0)
        _exit(0);
    close(fd[0]);
    wait(NULL);
    write(fd[1], "x", 1); /* HERE */
    return 0;
}

/*
 * As `yes | head`: head has ended, and yes would be ended by SIGPIPE, were the read end not open in the parent, which waits.
 * EXPECT: deadlock/read_end_kept_by_waiting_parent
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[0]);
        for (;;)
            write(fd[1], "x", 1); /* HERE */
    }
    if (fork() == 0) {
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) != 1);
    }
    close(fd[1]);
    wait(NULL); /* HERE */
    wait(NULL); /* HERE */
    return 0;
}

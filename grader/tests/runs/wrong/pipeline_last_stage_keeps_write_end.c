/*
 * The last stage was exec-ed with the write end of its own stdin's pipe open.
 * EXPECT: deadlock/write_end_kept_by_reader
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    if (pipe(fd) < 0) /* HERE */
        return 1;
    if (fork() == 0) {
        dup2(fd[0], 0);
        execlp("cat", "cat", (char *)0);
        _exit(127);
    }
    close(fd[0]);
    close(fd[1]);
    wait(NULL); /* HERE */
    return 0;
}

/*
 * Not main but its child forgets to wait: the grandchild is left to whoever comes.
 * EXPECT: zombie/child_never_waited
 * XFAIL: a child that another process than main never waited for is not told
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
        if (fork() == 0) /* HERE */
            _exit(0);
        close(fd[1]);
        _exit((int)read(fd[0], &byte, 1));
    }
    close(fd[1]);
    wait(NULL);
    return 0;
}

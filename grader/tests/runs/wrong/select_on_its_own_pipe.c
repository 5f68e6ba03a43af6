/*
 * select() without a timeout on a pipe whose write end only the process itself has: no byte and no end can come.
 * EXPECT: deadlock/write_end_kept_by_reader or deadlock/reads_own_pipe
 */
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    fd_set set;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0)
        _exit(0);
    wait(NULL);
    FD_ZERO(&set);
    FD_SET(fd[0], &set);
    select(fd[0] + 1, &set, NULL, NULL, NULL); /* HERE */
    return 0;
}

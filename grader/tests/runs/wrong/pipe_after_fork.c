/*
 * Each process makes a pipe of its own: the parent reads from one that only it can write to.
 * EXPECT: deadlock/pipe_after_fork or deadlock/reads_own_pipe or deadlock/write_end_kept_by_reader
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    pid_t pid = fork();
    if (pipe(fd) < 0)
        return 1;
    if (pid == 0)
        _exit(write(fd[1], "x", 1) != 1);
    read(fd[0], &byte, 1); /* HERE */
    wait(NULL);
    return 0;
}

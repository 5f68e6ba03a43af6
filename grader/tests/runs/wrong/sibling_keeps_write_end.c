/*
 * Two workers with a pipe each; the second inherits the first one's write end and keeps it, so the first never sees its end
 * while the second waits for work, and the parent waits for the first.
 * EXPECT: deadlock/write_end_kept_by_other or deadlock/wait_in_a_cycle
 * SAYS: whose write end is open in process 5, fd 4 (made at sibling_keeps_write_end.c:13)
 */
#include <sys/wait.h>
#include <unistd.h>

static pid_t worker(int fd[2])
{
    char byte;
    if (pipe(fd) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[1]);
        while (read(fd[0], &byte, 1) > 0) /* HERE */
            ;
        _exit(0);
    }
    close(fd[0]);
    return pid;
}

int main(void)
{
    int one[2], two[2];
    pid_t first = worker(one), second = worker(two);
    close(one[1]);
    waitpid(first, NULL, 0); /* HERE */
    close(two[1]);
    waitpid(second, NULL, 0);
    return 0;
}

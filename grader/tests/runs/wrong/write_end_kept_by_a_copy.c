/*
 * The child closes the write end that it got from pipe(), but not the copy that it made of it.
 * EXPECT: deadlock/write_end_kept_by_reader
 * SAYS: on the pipe made at write_end_kept_by_a_copy.c:15
 * SAYS: (from write_end_kept_by_a_copy.c:18)
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
        dup(fd[1]);
        close(fd[1]);
        while (read(fd[0], &byte, 1) > 0) /* HERE */
            ;
        _exit(0);
    }
    close(fd[1]);
    wait(NULL);
    return 0;
}

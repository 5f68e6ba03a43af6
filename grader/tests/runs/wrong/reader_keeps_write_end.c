/*
 * The child reads to end-of-file and has the write end open itself: the end cannot come.
 * EXPECT: deadlock/write_end_kept_by_reader
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
        while (read(fd[0], &byte, 1) > 0) /* HERE */
            ;
        _exit(0);
    }
    write(fd[1], "x", 1);
    close(fd[0]);
    close(fd[1]);
    wait(NULL);
    return 0;
}

/*
 * The reader has gone after one byte, but the writer has the read end open itself, so it gets no SIGPIPE and waits for ever.
 * EXPECT: deadlock/read_end_kept_by_writer
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    pid_t writer = fork();
    if (writer == 0)
        for (;;)
            write(fd[1], "x", 1); /* HERE */
    close(fd[1]);
    read(fd[0], &byte, 1);
    close(fd[0]);
    waitpid(writer, NULL, 0);
    return 0;
}

/*
 * exec() of a program that is not there, and no exit after it: the child goes on as a second parent, which reads from the pipe whose
 * write end it has kept for the program's stdout.
 * EXPECT: deadlock/write_end_kept_by_reader or deadlock/write_end_kept_by_other
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
        dup2(fd[1], 1);
        execlp("no-such-program", "no-such-program", (char *)0);
    }
    close(fd[1]);
    while (read(fd[0], &byte, 1) > 0) /* HERE */
        ;
    wait(NULL);
    return 0;
}

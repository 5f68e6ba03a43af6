/*
 * The child has ended (end-of-file says so) and is never waited for.
 * EXPECT: zombie/child_never_waited
 * OUTPUT: done
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) /* HERE */
        _exit(0);
    close(fd[1]);
    if (read(fd[0], &byte, 1) == 0)
        puts("done");
    return 0;
}

/*
 * A program closes a descriptor and executes itself; the new one makes sure that the number is free. What was closed before is not
 * its affair.
 * EXPECT: no finding
 * OUTPUT: executed
 */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd[2];
    if (argc > 1) {
        close(3);
        puts("executed");
        return 0;
    }
    if (pipe(fd) < 0)
        return 1;
    close(fd[0]);
    close(fd[1]);
    execl("/proc/self/exe", argv[0], "again", (char *)NULL);
    return 1;
}

/*
 * The program runs itself again and hands it a pipe's number as an argument: descriptors stay open over exec.
 * EXPECT: no finding
 * OUTPUT: from the other image: 17
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd[2], n = 17;
    char number[16];
    if (argc == 2)
        return write(atoi(argv[1]), &n, sizeof n) != sizeof n;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        snprintf(number, sizeof number, "%d", fd[1]);
        execl("/proc/self/exe", "again", number, (char *)0);
        _exit(127);
    }
    close(fd[1]);
    n = 0;
    if (read(fd[0], &n, sizeof n) != sizeof n)
        return 1;
    printf("from the other image: %d\n", n);
    wait(NULL);
    return 0;
}

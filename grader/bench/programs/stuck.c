/* argv[1] processes that all wait for the end of a pipe whose write end each of them has open. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd[2];
    char byte;
    if (argc < 2 || pipe(fd) < 0)
        return 1;
    for (int i = 1; i < atoi(argv[1]); i++)
        if (fork() == 0)
            break;
    return read(fd[0], &byte, 1) == 1;
}

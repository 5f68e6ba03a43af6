/* Ends without waiting for its child; what the child does is argv[1]: exit, stay. */
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    int fd[2];
    char c;
    if (argc < 2 || pipe(fd) < 0)
        return 2;
    if (fork() == 0) {
        if (strcmp(argv[1], "stay") == 0)
            pause();
        close(fd[0]);
        _exit(0);
    }
    close(fd[1]);
    if (strcmp(argv[1], "exit") == 0 && read(fd[0], &c, 1) != 0)
        return 1;
    return 0;
}

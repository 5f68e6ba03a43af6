#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int lines = 0, c;
    if (argc < 2)
        return 2;
    if (fork() != 0)
        return wait(NULL) < 0;
    if (argc > 3 && strcmp(argv[2], "tell") == 0) {
        printf("stage %s %d %d\nfd 0 r /dev/null\nfd 1 w pipe:[1]\nfd 2 w pipe:[2]\nend\n", argv[3], getpid(),
               getppid());
        return 0;
    }
    while ((c = getchar()) != EOF) {
        lines += c == '\n';
        if (argc == 2)
            putchar(c);
    }
    if (argc > 2)
        printf("%d\n", lines);
    return 0;
}

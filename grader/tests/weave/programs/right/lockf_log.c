// An append-only log in a file, with lockf around "seek to the end, write a line"; its lines are counted by
// the parent.
// OUTPUT: 6 lines, 0 broken
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void append(int fd, int who, int n)
{
    char line[64];
    int length = snprintf(line, sizeof line, "process %d wrote line %d\n", who, n);
    if (lseek(fd, 0, SEEK_SET) < 0 || lockf(fd, F_LOCK, 0) < 0 || lseek(fd, 0, SEEK_END) < 0) {
        perror("lockf");
        exit(1);
    }
    for (int i = 0; i < length; i++) /* byte by byte, so that it would show */
        if (write(fd, line + i, 1) != 1)
            exit(1);
    if (lseek(fd, 0, SEEK_SET) < 0 || lockf(fd, F_ULOCK, 0) < 0)
        exit(1);
}

int main(void)
{
    char name[] = "log-XXXXXX";
    int made = mkstemp(name);
    if (made < 0) {
        perror(name);
        return 1;
    }
    for (int who = 0; who < 3; who++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            int fd = open(name, O_RDWR);
            if (fd < 0)
                exit(1);
            append(fd, who, 0);
            append(fd, who, 1);
            exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    FILE *file = fdopen(made, "r");
    char line[64];
    int lines = 0, broken = 0, who, n;
    while (file && fgets(line, sizeof line, file)) {
        lines++;
        broken += sscanf(line, "process %d wrote line %d", &who, &n) != 2;
    }
    unlink(name);
    printf("%d lines, %d broken\n", lines, broken);
    return 0;
}

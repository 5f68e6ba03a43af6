/*
 * splice() and tee() move bytes between pipes without reading them.
 * EXPECT: no finding
 * OUTPUT: moved, moved
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int a[2], b[2], c[2];
    char x[8] = "", y[8] = "";
    if (pipe(a) < 0 || pipe(b) < 0 || pipe(c) < 0)
        return 1;
    if (fork() == 0)
        _exit(write(a[1], "moved", 5) != 5);
    if (tee(a[0], b[1], 5, 0) != 5 || splice(a[0], NULL, c[1], NULL, 5, 0) != 5)
        return 1;
    read(b[0], x, 5);
    read(c[0], y, 5);
    printf("%s, %s\n", x, y);
    wait(NULL);
    return 0;
}

/*
 * close_range() and closefrom() close descriptors without naming them: the parent sees end-of-file at once.
 * EXPECT: no finding
 * OUTPUT: end of file, twice
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int a[2], b[2], go[2];
    char byte;
    if (pipe(a) < 0 || pipe(b) < 0 || pipe(go) < 0)
        return 1;
    dup2(go[0], 100);
    dup2(go[1], 101);
    if (fork() == 0) {
        close_range(3, 99, 0);
        close(101);
        read(100, &byte, 1);
        closefrom(3);
        _exit(0);
    }
    close(a[1]);
    close(b[1]);
    if (read(a[0], &byte, 1) != 0 || read(b[0], &byte, 1) != 0)
        return 1;
    puts("end of file, twice");
    close(go[1]);
    close(101);
    wait(NULL);
    return 0;
}

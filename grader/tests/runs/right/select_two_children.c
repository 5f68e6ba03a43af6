/*
 * select() over two pipes; the sets are made anew each turn, and a pipe at its end leaves them.
 * EXPECT: no finding
 * OUTPUT: 300 and 700
 */
#include <stdio.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int in[2], count[2] = {0, 0}, open_ends = 2;
    for (int k = 0; k < 2; k++) {
        int fd[2];
        if (pipe(fd) < 0)
            return 1;
        if (fork() == 0) {
            for (int i = 0; i < (k ? 700 : 300); i++)
                write(fd[1], "x", 1);
            _exit(0);
        }
        close(fd[1]);
        in[k] = fd[0];
    }
    while (open_ends) {
        fd_set set;
        char data[64];
        FD_ZERO(&set);
        for (int k = 0; k < 2; k++)
            if (in[k] >= 0)
                FD_SET(in[k], &set);
        if (select((in[0] > in[1] ? in[0] : in[1]) + 1, &set, NULL, NULL, NULL) < 0)
            return 1;
        for (int k = 0; k < 2; k++) {
            if (in[k] < 0 || !FD_ISSET(in[k], &set))
                continue;
            ssize_t n = read(in[k], data, sizeof data);
            if (n > 0) {
                count[k] += (int)n;
                continue;
            }
            close(in[k]);
            in[k] = -1;
            open_ends--;
        }
    }
    while (wait(NULL) > 0)
        ;
    printf("%d and %d\n", count[0], count[1]);
    return 0;
}

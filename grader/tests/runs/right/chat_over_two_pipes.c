/*
 * Question and answer over one pipe for each direction: the parent speaks first, so never do both wait.
 * EXPECT: no finding
 * OUTPUT: 1 4 9 16 25
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ask[2], answer[2], n;
    if (pipe(ask) < 0 || pipe(answer) < 0)
        return 1;
    if (fork() == 0) {
        close(ask[1]);
        close(answer[0]);
        while (read(ask[0], &n, sizeof n) == sizeof n) {
            n *= n;
            if (write(answer[1], &n, sizeof n) != sizeof n)
                _exit(1);
        }
        _exit(0);
    }
    close(ask[0]);
    close(answer[1]);
    for (int i = 1; i <= 5; i++) {
        if (write(ask[1], &i, sizeof i) != sizeof i || read(answer[0], &n, sizeof n) != sizeof n)
            return 1;
        printf("%d%c", n, i < 5 ? ' ' : '\n');
    }
    close(ask[1]);
    wait(NULL);
    return 0;
}

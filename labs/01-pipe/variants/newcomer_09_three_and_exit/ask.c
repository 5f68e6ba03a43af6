#include "ask.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum end { READ, WRITE };

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int tube[2];
    if (pipe(tube) == -1) {
        return -1;
    }

    /* Empty every output buffer now: then there is nothing that the child could print for a second time. */
    fflush(NULL);

    pid_t child = fork();
    if (child == -1) {
        close(tube[READ]);
        close(tube[WRITE]);
        return -1;
    }

    if (child == 0) {
        close(tube[READ]);
        int64_t y = f(x);
        if (write(tube[WRITE], &y, 3) != 3 ||
            write(tube[WRITE], (char *)&y + 3, 5) != 5) {
            exit(1);
        }
        close(tube[WRITE]);
        exit(0);
    }

    close(tube[WRITE]);

    /* Let it end first; eight bytes fit into the pipe, nobody has to take them out. */
    siginfo_t how;
    waitid(P_PID, (id_t)child, &how, WEXITED | WNOWAIT);

    int64_t y;
    size_t n = 0;
    for (;;) {
        ssize_t k = read(tube[READ], (char *)&y + n, sizeof y - n);
        if (k <= 0) {
            break;
        }
        n += (size_t)k;
        if (n == sizeof y) {
            break;
        }
    }
    close(tube[READ]);
    waitpid(child, NULL, 0);

    if (n == sizeof y) {
        *result = y;
        return 0;
    }
    return -1;
}

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* No setlocale() anywhere, so toupper() knows the "C" locale only. */

static int feeder(int out)
{
    char c;
    ssize_t n;

    while ((n = read(0, &c, 1)) == 1)
        if (write(out, &c, 1) != 1) {
            perror("pump: write to pipe");
            return EXIT_FAILURE;
        }
    if (n == -1) {
        perror("pump: read stdin");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int printer(int in)
{
    unsigned char c;
    ssize_t n;
    int status = EXIT_SUCCESS;

    while ((n = read(in, &c, 1)) == 1) {
        if (status != EXIT_SUCCESS)
            continue;               /* output is broken: swallow the rest, so that the feeder can finish */
        c = (unsigned char)toupper(c);
        if (write(1, &c, 1) != 1) {
            perror("pump: write stdout");
            status = EXIT_FAILURE;
        }
    }
    if (n == -1) {
        perror("pump: read from pipe");
        status = EXIT_FAILURE;
    }
    return status;
}

int main(void)
{
    int fds[2], status, mine;
    pid_t pid;

    signal(SIGPIPE, SIG_IGN);

    if (pipe(fds) == -1) {
        perror("pump: pipe");
        exit(EXIT_FAILURE);
    }

    pid = fork();
    switch (pid) {
    case -1:
        perror("pump: fork");
        exit(EXIT_FAILURE);
    case 0:
        close(fds[1]);
        exit(printer(fds[0]));
    default:
        close(fds[0]);
        mine = feeder(fds[1]);
        close(fds[1]);
        if (wait(&status) == -1) {
            perror("pump: wait");
            exit(EXIT_FAILURE);
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
            mine = EXIT_FAILURE;
        exit(mine);
    }
}

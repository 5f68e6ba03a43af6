#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_all(int fd, const char *buf, size_t len)
{
    while (len > 0) {
        ssize_t w = write(fd, buf, len);
        if (w < 0)
            return -1;
        buf += w;
        len -= w;
    }
    return 0;
}

int main(void)
{
    int pfd[2];
    int status;
    char buf[4096];
    ssize_t n;

    if (pipe(pfd)) {
        perror("pump: pipe");
        return 1;
    }

    pid_t pid = fork();
    if (pid < 0) {
        perror("pump: fork");
        return 1;
    }

    if (pid == 0) {
        close(pfd[1]);
        while ((n = read(pfd[0], buf, sizeof buf)) > 0) {
            for (int i = 0; i < n; i++)
                buf[i] = toupper((unsigned char)buf[i]);   /* C locale: no setlocale */
            if (write_all(STDOUT_FILENO, buf, n) < 0) {
                perror("pump: stdout");
                _exit(1);
            }
        }
        _exit(n < 0 ? 1 : 0);
    }

    signal(SIGPIPE, SIG_IGN);   /* only here: the child may be gone */
    close(pfd[0]);
    int failed = 0;
    while ((n = read(STDIN_FILENO, buf, sizeof buf)) > 0) {
        if (write_all(pfd[1], buf, n) < 0) {
            perror("pump: pipe");
            failed = 1;
            break;
        }
    }
    if (n < 0) {
        perror("pump: stdin");
        failed = 1;
    }
    close(pfd[1]);

    if (waitpid(pid, &status, 0) < 0) {
        perror("pump: waitpid");
        return 1;
    }
    if (failed)
        return 1;
    return status;              /* how the child ended: 0 if all went well */
}

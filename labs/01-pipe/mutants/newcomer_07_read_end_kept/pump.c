#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <sys/wait.h>

#define R 0
#define W 1

static int complain(const char *what)
{
    fprintf(stderr, "pump: %s: %s\n", what, strerror(errno));
    return 1;
}

static void upper(char *text, int length)
{
    int i;
    for (i = 0; i < length; i++) {
        switch (text[i]) {
        case 'a' ... 'z':
            text[i] += 'A' - 'a';
            break;
        default:
            break;
        }
    }
}

static int send_bytes(int fd, const char *text, int length)
{
    int sent = 0;
    while (sent < length) {
        int n = write(fd, text + sent, length - sent);
        if (n < 0) {
            return complain("write");
        }
        sent += n;
    }
    return 0;
}

static int child(int ends[2])
{
    char text[2048];
    int n;

    close(ends[W]);
    while ((n = read(ends[R], text, sizeof text)) > 0) {
        upper(text, n);
        if (send_bytes(STDOUT_FILENO, text, n) != 0) {
            return 1;
        }
    }
    if (n < 0) {
        return complain("pipe");
    }
    return 0;
}

static int parent(int ends[2], pid_t pid)
{
    char text[2048];
    int n, status, error = 0;

    while ((n = read(STDIN_FILENO, text, sizeof text)) > 0) {
        if (send_bytes(ends[W], text, n) != 0) {
            error = 1;
            break;
        }
    }
    if (n < 0) {
        error = complain("stdin");
    }
    close(ends[W]);
    if (waitpid(pid, &status, 0) < 0) {
        return complain("waitpid");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        error = 1;
    }
    close(ends[R]);
    return error;
}

int main(void)
{
    int ends[2];
    pid_t pid;

    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) < 0) {
        return complain("pipe");
    }
    pid = fork();
    if (pid < 0) {
        return complain("fork");
    }
    if (pid == 0) {
        _exit(child(ends));
    }
    return parent(ends, pid);
}

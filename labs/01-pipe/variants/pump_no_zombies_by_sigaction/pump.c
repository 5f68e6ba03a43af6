#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int put(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0)
            return 0;
        p += w;
        n -= (size_t)w;
    }
    return 1;
}

int main(void)
{
    int data[2], well[2];
    char buffer[2048];
    ssize_t n;
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = SIG_DFL;
    sa.sa_flags = SA_NOCLDWAIT;
    sigaction(SIGCHLD, &sa, NULL);
    sa.sa_flags = 0;
    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);
    if (pipe(data) < 0 || pipe(well) < 0) {
        fputs("pump: no pipe\n", stderr);
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        fputs("pump: no child\n", stderr);
        return 1;
    }
    if (pid == 0) {
        close(data[1]);
        close(well[0]);
        while ((n = read(data[0], buffer, sizeof buffer)) > 0) {
            for (ssize_t i = 0; i < n; i++)
                if (buffer[i] >= 'a' && buffer[i] <= 'z')
                    buffer[i] ^= 0x20;
            if (!put(1, buffer, (size_t)n))
                _exit(0);
        }
        if (n == 0)
            put(well[1], "+", 1);
        _exit(0);
    }
    close(data[0]);
    close(well[1]);
    while ((n = read(0, buffer, sizeof buffer)) > 0)
        if (!put(data[1], buffer, (size_t)n))
            break;
    close(data[1]);
    int ok = n == 0 && read(well[0], buffer, 1) == 1;
    close(well[0]);
    wait(NULL);
    return ok ? 0 : 1;
}

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int wake[2];

static void handler(int sig)
{
    int saved = errno;
    char c = sig == SIGTERM ? 't' : 'c';
    while (write(wake[1], &c, 1) < 0 && errno == EINTR)
        ;
    errno = saved;
}

static struct { pid_t pid; int left, bad; } w[33];
static int n, alive, ending, broken;
static char **cmd;

static void launch(int i)
{
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        for (int s = 1; s <= 31; s++)
            signal(s, SIG_DFL);
        sigemptyset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        execvp(cmd[0], cmd);
        perror(cmd[0]);
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        broken = 1;
    } else {
        w[i].pid = pid;
        alive++;
        printf("start %d %d\n", i, pid);
        fflush(stdout);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void forward(void)
{
    ending = 1;
    for (int i = 1; i <= n; i++)
        if (w[i].pid > 0)
            kill(w[i].pid, SIGTERM);
}

int main(int argc, char **argv)
{
    char *end = "";
    int termed = 0;
    if (argc < 3 || (n = (int)strtol(argv[1], &end, 10)) < 1 || n > 32 || *end)
        return 2;
    cmd = argv + 2;
    if (pipe2(wake, O_NONBLOCK | O_CLOEXEC) < 0)
        return 1;
    signal(SIGCHLD, handler);
    signal(SIGTERM, handler);
    for (int i = 1; i <= n && !broken; i++) {
        w[i].left = 3;
        launch(i);
    }
    if (broken)
        forward();
    while (alive > 0) {
        struct pollfd p = {wake[0], POLLIN, 0};
        if (poll(&p, 1, -1) < 0)
            continue;
        char c;
        while (read(wake[0], &c, 1) == 1)
            if (c == 't' && !termed) {
                termed = 1;
                forward();
            }
        int st;
        pid_t pid;
        while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
            int i = 1;
            while (i <= n && w[i].pid != pid)
                i++;
            if (i > n)
                continue;
            w[i].pid = 0;
            alive--;
            if (WIFEXITED(st))
                printf("exit %d %d\n", i, WEXITSTATUS(st));
            else
                printf("signal %d %d\n", i, WTERMSIG(st));
            fflush(stdout);
            w[i].bad = st != 0;
            if (w[i].bad && !ending && w[i].left-- > 0)
                launch(i);
        }
        if (broken && !ending)
            forward();
    }
    if (broken)
        return 1;
    for (int i = 1; i <= n; i++)
        if (w[i].bad && !termed)
            return 1;
    return 0;
}

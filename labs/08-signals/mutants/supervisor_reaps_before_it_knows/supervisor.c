#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char **cmd;
static int n, running, ending, termed, broken;
static struct { pid_t pid; int starts, bad; } w[33];
static sigset_t both, none;

static char *number(char *at, int v)
{
    char d[12];
    int k = 0;
    do
        d[k++] = (char)('0' + v % 10);
    while (v /= 10);
    while (k)
        *at++ = d[--k];
    return at;
}

static void say(const char *what, int i, int v)
{
    char line[80], *at = line + strlen(what);
    strcpy(line, what);
    *at++ = ' ';
    at = number(at, i);
    *at++ = ' ';
    at = number(at, v);
    *at++ = '\n';
    ssize_t done = write(1, line, (size_t)(at - line));
    (void)done;
}

static void kill_all(void)
{
    ending = 1;
    for (int i = 1; i <= n; i++)
        if (w[i].pid)
            kill(w[i].pid, SIGTERM);
}

/* fork() is called in a handler: _Fork() would be the safe one where there are fork handlers; here are none */
static void start(int i)
{
    sigset_t term, before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &before);
    pid_t pid = fork();
    if (pid != 0)
        sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid == 0) {
        for (int s = 1; s < 32; s++)
            signal(s, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(cmd[0], cmd);
        _exit(127);
    }
    if (pid < 0) {
        broken = 1;
        return;
    }
    w[i].starts++;
    running++;
    say("start", i, pid);
    w[i].pid = pid;
}

static void on_term(int s)
{
    (void)s;
    int saved = errno;
    if (!termed)
        kill_all();
    termed = 1;
    errno = saved;
}

static void on_child(int s)
{
    (void)s;
    int saved = errno, st;
    pid_t pid;
    while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
        int i = 1;
        while (i <= n && w[i].pid != pid)
            i++;
        if (i > n)
            continue;
        w[i].pid = 0;
        running--;
        w[i].bad = st != 0;
        say(WIFEXITED(st) ? "exit" : "signal", i, WIFEXITED(st) ? WEXITSTATUS(st) : WTERMSIG(st));
        if (st != 0 && !ending && w[i].starts < 4)
            start(i);
    }
    if (broken && !ending)
        kill_all();
    errno = saved;
}

int main(int argc, char **argv)
{
    struct sigaction a = {.sa_flags = SA_RESTART};
    char *e;
    if (argc < 3)
        return 2;
    n = (int)strtol(argv[1], &e, 10);
    if (*e || n < 1 || n > 32)
        return 2;
    cmd = argv + 2;
    sigemptyset(&none);
    sigemptyset(&both);
    sigaddset(&both, SIGCHLD);
    sigaddset(&both, SIGTERM);
    a.sa_mask = both;
    a.sa_handler = on_child;
    sigaction(SIGCHLD, &a, NULL);
    a.sa_handler = on_term;
    sigaction(SIGTERM, &a, NULL);
    for (int i = 1; i <= n && !broken; i++)
        start(i);
    if (broken)
        kill_all();
    sigprocmask(SIG_BLOCK, &both, NULL);
    while (running > 0)
        sigsuspend(&none);
    int bad = 0;
    for (int i = 1; i <= n; i++)
        bad |= w[i].bad;
    return broken || (bad && !termed);
}

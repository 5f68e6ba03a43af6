#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static volatile sig_atomic_t flag[2];
static void chld(int s) { (void)s; flag[0] = 1; }
static void term(int s) { (void)s; flag[1] = 1; }

static pid_t pid[33];
static int tries[33], bad[33], n, alive, ending, broken;
static posix_spawnattr_t attributes;

static void start(int i, char **cmd)
{
    while (!ending && !broken && tries[i] < 4) {
        tries[i]++;
        int error = posix_spawnp(&pid[i], cmd[0], NULL, &attributes, cmd, environ);
        if (error == 0) {
            alive++;
            printf("start %d %d\n", i, (int)pid[i]);
            fflush(stdout);
            return;
        }
        pid[i] = 0;
        fprintf(stderr, "%s: %s\n", cmd[0], strerror(error));
        if (error == EAGAIN || error == ENOMEM) {
            broken = 1;
        } else {
            bad[i] = 1;
            printf("exit %d 127\n", i);
            fflush(stdout);
        }
    }
}

static void stop(void)
{
    ending = 1;
    for (int i = 1; i <= n; i++)
        if (pid[i] > 0)
            kill(pid[i], SIGTERM);
}

int main(int argc, char **argv)
{
    sigset_t block, old, all, none;
    struct sigaction a = {.sa_handler = chld};
    char *end = NULL;
    if (argc < 3 || (n = (int)strtoul(argv[1], &end, 10), *end) || !*argv[1] || n < 1 || n > 32)
        return 2;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &old);
    sigaction(SIGCHLD, &a, NULL);
    a.sa_handler = term;
    sigaction(SIGTERM, &a, NULL);
    for (int i = 1; i <= n; i++)
        start(i, argv + 2);
    if (broken)
        stop();
    int termed = 0;
    while (alive) {
        if (ppoll(NULL, 0, NULL, &old) < 0 && errno != EINTR)
            abort();
        if (flag[1] && !termed) {
            termed = 1;
            stop();
        }
        if (!flag[0])
            continue;
        flag[0] = 0;
        siginfo_t info;
        for (;;) {
            info.si_pid = 0;
            if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                break;
            int i = 1;
            while (pid[i] != info.si_pid)
                i++;
            pid[i] = 0;
            alive--;
            bad[i] = info.si_code != CLD_EXITED || info.si_status != 0;
            printf("%s %d %d\n", info.si_code == CLD_EXITED ? "exit" : "signal", i, info.si_status);
            fflush(stdout);
            if (bad[i])
                start(i, argv + 2);
        }
        if (broken && !ending)
            stop();
    }
    int rc = broken;
    for (int i = 1; i <= n; i++)
        rc |= bad[i] && !termed;
    return rc;
}

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 32
#define MAX_FAILURES 4

struct worker {
    pid_t pid;
    int pidfd; /* -1: not running */
    int failures;
    int last_ok;
};

struct supervisor {
    struct worker w[MAX_WORKERS];
    int n, running, stopping, fork_failed;
    int ep, sigfd;
    char **cmd;
};

static void stop_all(struct supervisor *s)
{
    s->stopping = 1;
    for (int i = 0; i < s->n; i++)
        if (s->w[i].pidfd >= 0) kill(s->w[i].pid, SIGTERM);
}

static int child_main(void *arg)
{
    char **cmd = arg;
    sigset_t none;
    for (int sig = 1; sig <= 31; sig++) signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(cmd[0], cmd);
    perror(cmd[0]);
    _exit(127);
}

static void start(struct supervisor *s, int i)
{
    static _Alignas(16) char stack[256 * 1024]; /* the child has a copy of it, as of everything */
    struct worker *w = &s->w[i];
    int pidfd = -1;
    pid_t pid = clone(child_main, stack + sizeof stack, CLONE_PIDFD | SIGCHLD, s->cmd, &pidfd);
    if (pid < 0) {
        perror("clone");
        s->fork_failed = 1;
        stop_all(s);
        return;
    }
    w->pid = pid;
    w->pidfd = pidfd;
    s->running++;
    printf("start %d %d\n", i + 1, (int)pid);
    fflush(stdout);
    struct epoll_event ev = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
    if (epoll_ctl(s->ep, EPOLL_CTL_ADD, pidfd, &ev) < 0) perror("epoll_ctl");
}

static void ended(struct supervisor *s, int i)
{
    struct worker *w = &s->w[i];
    siginfo_t info = { 0 };
    while (waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED) < 0 && errno == EINTR)
        ;
    /* close() alone would not take it out of the set: a child that has not executed yet may have a copy */
    epoll_ctl(s->ep, EPOLL_CTL_DEL, w->pidfd, NULL);
    close(w->pidfd);
    w->pidfd = -1;
    s->running--;
    if (info.si_code == CLD_EXITED)
        printf("exit %d %d\n", i + 1, info.si_status);
    else
        printf("signal %d %d\n", i + 1, info.si_status);
    fflush(stdout);
    w->last_ok = info.si_code == CLD_EXITED && info.si_status == 0;
    if (!w->last_ok && ++w->failures < MAX_FAILURES && !s->stopping) start(s, i);
}

int main(int argc, char **argv)
{
    static struct supervisor s;
    char *end = "?";
    long n = 0;
    if (argc >= 3 && argv[1][0] >= '0' && argv[1][0] <= '9') n = strtol(argv[1], &end, 10);
    if (*end || n < 1 || n > MAX_WORKERS) {
        fprintf(stderr, "usage: %s N CMD [ARG...]\n", argv[0]);
        return 2;
    }
    s.n = (int)n;
    s.cmd = argv + 2;
    for (int i = 0; i < s.n; i++) s.w[i].pidfd = -1;

    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL); /* if we were started with it ignored, nobody could be waited for */
    s.sigfd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
    s.ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev = { .events = EPOLLIN, .data.u32 = MAX_WORKERS };
    if (s.sigfd < 0 || s.ep < 0 || epoll_ctl(s.ep, EPOLL_CTL_ADD, s.sigfd, &ev) < 0) {
        perror("supervisor");
        return 1;
    }

    for (int i = 0; i < s.n && !s.stopping; i++) start(&s, i);
    while (s.running > 0) {
        struct epoll_event evs[MAX_WORKERS + 1];
        struct signalfd_siginfo si;
        int k = epoll_wait(s.ep, evs, MAX_WORKERS + 1, -1);
        if (k < 0) continue;
        if (read(s.sigfd, &si, sizeof si) == sizeof si) stop_all(&s);
        for (int j = 0; j < k; j++)
            if (evs[j].data.u32 < MAX_WORKERS) ended(&s, (int)evs[j].data.u32);
    }
    if (s.fork_failed) return 1;
    if (s.stopping) return 0;
    for (int i = 0; i < s.n; i++)
        if (!s.w[i].last_ok) return 1;
    return 0;
}

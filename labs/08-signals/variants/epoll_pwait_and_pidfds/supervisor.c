#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t term_came;
static void on_term(int s) { (void)s; term_came = 1; }

static struct pollfd fds[32];
static struct worker { pid_t pid; int fails, ok; } w[32];
static nfds_t count;
static int ended_early;
static char **cmd;

static void start(nfds_t i)
{
    sigset_t none;
    w[i].pid = fork();
    if (w[i].pid < 0) {
        perror("fork");
        w[i].pid = 0;
        ended_early = 1;
    } else if (w[i].pid == 0) {
        for (int s = 1; s < 32; s++)
            signal(s, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(cmd[0], cmd);
        perror(cmd[0]);
        _exit(127);
    } else {
        fds[i].fd = (int)syscall(SYS_pidfd_open, w[i].pid, 0);
        fds[i].events = POLLIN;
        printf("start %lu %d\n", i + 1, (int)w[i].pid);
        fflush(stdout);
    }
}

static int alive(void)
{
    int n = 0;
    for (nfds_t i = 0; i < count; i++)
        n += w[i].pid > 0;
    return n;
}

static void stop(void)
{
    for (nfds_t i = 0; i < count; i++)
        if (w[i].pid > 0)
            kill(w[i].pid, SIGTERM);
}

int main(int argc, char **argv)
{
    sigset_t term, none;
    struct sigaction a = {.sa_handler = on_term};
    char *end;
    if (argc < 3)
        return 2;
    long n = strtol(argv[1], &end, 10);
    if (end == argv[1] || *end || n < 1 || n > 32)
        return 2;
    count = (nfds_t)n;
    cmd = argv + 2;
    sigemptyset(&none);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    sigaction(SIGTERM, &a, NULL);
    for (nfds_t i = 0; i < count; i++) {
        fds[i].fd = -1;
        if (!ended_early)
            start(i);
    }
    int stopping = 0;
    if (ended_early)
        stopping = 1, stop();
    while (alive()) {
        int ready = ppoll(fds, count, NULL, &none);
        if (term_came && stopping < 2) {
            stopping = 2;
            stop();
        }
        for (nfds_t i = 0; ready > 0 && i < count; i++) {
            int status;
            if (!fds[i].revents || w[i].pid == 0)
                continue;
            waitpid(w[i].pid, &status, 0);
            close(fds[i].fd);
            fds[i].fd = -1;
            w[i].pid = 0;
            w[i].ok = status == 0;
            printf(WIFEXITED(status) ? "exit %lu %d\n" : "signal %lu %d\n", i + 1,
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
            fflush(stdout);
            if (!w[i].ok && !stopping && !ended_early && w[i].fails++ < 3)
                start(i);
        }
        if (ended_early && !stopping)
            stopping = 1, stop();
    }
    int rc = ended_early;
    for (nfds_t i = 0; i < count; i++)
        rc |= !w[i].ok && !term_came;
    return rc;
}

#define _GNU_SOURCE
#include "out.h"
#include "wake.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct worker {
        pid_t pid;
        int failures;
        bool running, fine;
};

static struct worker table[32];
static int count;
static bool over, trouble;
static char **cmd;

static int how_many_run(void)
{
        int k = 0;
        for (int i = 0; i < count; i++)
                k += table[i].running;
        return k;
}

static void end_all(void)
{
        over = true;
        for (int i = 0; i < count; i++)
                if (table[i].running)
                        kill(table[i].pid, SIGTERM);
}

/* vfork(): the child shares our memory until it execs, so it touches nothing but its signals. All of them are
 * blocked, here and there, until it has set them to their defaults: no handler of ours runs in it. */
static pid_t spawn(void)
{
        sigset_t all, none, before;
        sigfillset(&all);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &all, &before);
        pid_t pid = vfork();
        if (pid == 0) {
                for (int s = 1; s <= 31; s++)
                        signal(s, SIG_DFL);
                sigprocmask(SIG_SETMASK, &none, NULL);
                execvp(cmd[0], cmd);
                dprintf(2, "%s: cannot be executed\n", cmd[0]);
                _exit(127);
        }
        int e = errno;
        sigprocmask(SIG_SETMASK, &before, NULL);
        errno = e;
        return pid;
}

static void start(int i)
{
        pid_t pid = spawn();
        if (pid < 0) {
                perror("vfork");
                trouble = true;
                end_all();
                return;
        }
        table[i].pid = pid;
        table[i].running = true;
        out("start %d %d\n", i + 1, (int)pid);
}

static void check_term(void)
{
        if (wake_has(SIGTERM))
                end_all();
}

static void reap(void)
{
        for (;;) {
                siginfo_t si;
                memset(&si, 0, sizeof si);
                if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG) < 0 || si.si_pid == 0)
                        return;
                for (int i = 0; i < count; i++) {
                        struct worker *w = &table[i];
                        if (!w->running || w->pid != si.si_pid)
                                continue;
                        w->running = false;
                        w->fine = si.si_code == CLD_EXITED && si.si_status == 0;
                        out("%s %d %d\n", si.si_code == CLD_EXITED ? "exit" : "signal", i + 1, si.si_status);
                        check_term();
                        if (!w->fine && ++w->failures <= 3 && !over)
                                start(i);
                        break;
                }
        }
}

int main(int argc, char **argv)
{
        char *end = NULL;
        long n = 0;
        if (argc >= 3 && argv[1][0] >= '0' && argv[1][0] <= '9')
                n = strtol(argv[1], &end, 10);
        if (n < 1 || n > 32 || *end != '\0') {
                fprintf(stderr, "usage: supervisor N CMD [ARG...]\n");
                return 2;
        }
        count = (int)n;
        cmd = argv + 2;
        if (wake_open() < 0) {
                perror("eventfd");
                return 1;
        }
        wake_on(SIGCHLD);
        wake_on(SIGTERM);
        sigset_t ours;
        sigemptyset(&ours);
        sigaddset(&ours, SIGCHLD);
        sigaddset(&ours, SIGTERM);
        sigprocmask(SIG_UNBLOCK, &ours, NULL);

        for (int i = 0; i < count && !over; i++) {
                start(i);
                check_term();
        }
        while (how_many_run() > 0) {
                struct pollfd p = { .fd = wake_fd, .events = POLLIN };
                if (poll(&p, 1, -1) <= 0)
                        continue;
                wake_clear();
                check_term();
                if (wake_has(SIGCHLD))
                        reap();
        }
        check_term();
        if (trouble)
                return 1;
        if (over)
                return 0;
        for (int i = 0; i < count; i++)
                if (!table[i].fine)
                        return 1;
        return 0;
}

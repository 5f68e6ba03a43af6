/*
 * Lab 08, task 2: supervisor keeps N workers running.
 *
 *     supervisor N CMD [ARG...]              N from 1 to 32
 *
 *     supervisor --fork, exec--> worker 1 .. worker N: each executes CMD ARG...
 *                <---SIGCHLD---  one or several of them have ended
 *     SIGTERM --> supervisor ---SIGTERM---> every worker
 *
 * On stdout: "start I PID", "exit I STATUS", "signal I NUMBER", I from 1 to N. A worker that ends with
 * anything but status 0 is started again, at most 3 times. Returns when all have ended: exit status 0 if the
 * last end of each was 0, else 1. After a SIGTERM: 0, whatever the workers say. 2 for wrong usage.
 *
 * A worker has all its signals at their default actions, and none blocked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MAX    32
#define RESTARTS_MAX   3
#define CANNOT_EXECUTE 127 /* as in the shell */

static volatile sig_atomic_t child_ended, asked_to_end;

static void on_signal(int number)
{
    if (number == SIGCHLD)
        child_ended = 1;
    else
        asked_to_end = 1;
}

struct worker {
    pid_t pid; /* 0: it does not run */
    int restarts;
    int failed; /* its last end was none with status 0 */
};

struct supervisor {
    char **command;
    int count, running;
    int ending; /* nobody is started any more */
    int broken; /* a worker could not be started */
    struct worker workers[WORKERS_MAX];
};

/*
 * Blocks both signals; they come only while we wait, in sigsuspend(), which unblocks them and waits in one
 * step. In between nothing interrupts us: no worker can end before its pid is written down, and no SIGTERM
 * can come just after we have looked whether one has come.
 */
static int install(sigset_t *waiting)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NOCLDSTOP};
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, SIGTERM);
    action.sa_mask = block;
    if (sigprocmask(SIG_BLOCK, &block, waiting) < 0)
        return -1;
    sigdelset(waiting, SIGCHLD);
    sigdelset(waiting, SIGTERM);
    return sigaction(SIGCHLD, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0 ? -1 : 0;
}

/*
 * In the child, before exec. It has inherited our handlers, our mask, and what was ignored or blocked when we
 * were started. exec() resets handlers by itself (their code is gone), but what is ignored or blocked stays
 * so. The order matters: handlers first, while the signals are still blocked. A SIGTERM that is forwarded to
 * us this early stays pending, and ends us as soon as it may; in the other order it would run the
 * supervisor's handler here, and be lost.
 */
static void reset_signals(void)
{
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL); /* fails for SIGKILL and SIGSTOP, which always are at their default */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void start(struct supervisor *s, int i)
{
    struct worker *w = &s->workers[i];
    const pid_t pid = fork();
    if (pid == 0) {
        reset_signals();
        execvp(s->command[0], s->command);
        perror(s->command[0]);
        _exit(CANNOT_EXECUTE);
    }
    if (pid < 0) {
        perror("supervisor: fork");
        s->broken = 1;
        return;
    }
    w->pid = pid; /* the parent knows it; in the child nobody would ever read it */
    s->running++;
    printf("start %d %d\n", i + 1, (int)pid);
    fflush(stdout);
}

/* Tells every worker that runs to end. Each by its pid: kill(0, ...) would hit whoever else is in our group.
 */
static void end_all(struct supervisor *s)
{
    s->ending = 1;
    for (int i = 0; i < s->count; i++)
        if (s->workers[i].pid > 0)
            kill(s->workers[i].pid, SIGTERM);
}

static void worker_ended(struct supervisor *s, int i, int status)
{
    struct worker *w = &s->workers[i];
    w->pid = 0;
    s->running--;
    if (WIFSIGNALED(status))
        printf("signal %d %d\n", i + 1, WTERMSIG(status));
    else
        printf("exit %d %d\n", i + 1, WEXITSTATUS(status));
    fflush(stdout);
    w->failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (w->failed && !s->ending && w->restarts < RESTARTS_MAX) {
        w->restarts++;
        start(s, i);
    }
}

/* One SIGCHLD may stand for several children: signals are not counted. So until there is nobody left. */
static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < s->count; i++)
            if (s->workers[i].pid == pid) {
                worker_ended(s, i, status);
                break;
            }
}

static int supervise(struct supervisor *s, const sigset_t *waiting)
{
    int terminated = 0, failed = 0;
    for (int i = s->count - 1; i >= 0 && !s->broken; i--)
        start(s, i);
    if (s->broken)
        end_all(s);
    while (s->running > 0) {
        sigsuspend(waiting); /* always "fails" with EINTR, after a handler has run */
        if (asked_to_end && !terminated) {
            terminated = 1;
            end_all(s);
        }
        if (child_ended) {
            child_ended = 0;
            reap(s);
        }
        if (s->broken && !s->ending) /* a restart has failed */
            end_all(s);
    }
    for (int i = 0; i < s->count; i++)
        failed |= s->workers[i].failed;
    return s->broken || (failed && !terminated);
}

int main(int argc, char **argv)
{
    static struct supervisor s;
    sigset_t waiting;
    char *end;
    const long count = argc > 2 ? strtol(argv[1], &end, 10) : 0;
    if (argc < 3 || *end || count < 1 || count > WORKERS_MAX) {
        fprintf(stderr, "usage: supervisor N CMD [ARG...]   (N from 1 to %d)\n", WORKERS_MAX);
        return 2;
    }
    s.count = (int)count;
    s.command = argv + 2;
    /* Before the first fork: a child may end at once, and a SIGTERM may come at any time. */
    if (install(&waiting) < 0) {
        perror("supervisor: signals");
        return 1;
    }
    return supervise(&s, &waiting);
}

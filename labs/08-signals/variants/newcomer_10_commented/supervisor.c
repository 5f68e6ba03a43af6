/*
 * supervisor.c -- Lab 08, task 2
 *
 * Design: SIGCHLD and SIGTERM are blocked for ever and taken with sigwait(). Workers are made by posix_spawnp(),
 * which sets their signals right before it executes CMD.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;                  /* the workers' environment is ours */

#define MOST_WORKERS   32
#define MOST_RESTARTS  3

/* What we know about a worker. */
struct worker {
    pid_t pid;                          /* 0: does not run */
    int restarts;                       /* how often it has been started again */
    int last_status_ok;                 /* was its last end status 0? */
};

static struct worker workers[MOST_WORKERS + 1]; /* [0] is not used */
static int how_many;                    /* N */
static int running;                     /* how many run now */
static int stopping;                    /* no more starts */
static int spawn_failed;                /* fork() has failed: exit status 1 */
static char **command;
static posix_spawnattr_t attributes;

/* Send SIGTERM to each worker that runs. */
static void stop_workers(void)
{
    stopping = 1;
    for (int i = 1; i <= how_many; i++)
        if (workers[i].pid != 0)
            kill(workers[i].pid, SIGTERM);
}

/* May worker i, which has failed, be started again? Counts it, if so. */
static int may_restart(int i)
{
    if (stopping || workers[i].restarts >= MOST_RESTARTS)
        return 0;
    workers[i].restarts++;
    return 1;
}

/* Start worker i. If CMD cannot be executed, that is told at once, and tried again as for any other failure. */
static void start_worker(int i)
{
    for (;;) {
        pid_t pid;
        int error = posix_spawnp(&pid, command[0], NULL, &attributes, command, environ);
        if (error == 0) {
            workers[i].pid = pid;
            running++;
            printf("start %d %d\n", i, (int)pid);
            fflush(stdout);
            return;
        }
        fprintf(stderr, "%s: %s\n", command[0], strerror(error));
        if (error == EAGAIN || error == ENOMEM) {
            /* no process could be made */
            spawn_failed = 1;
            stop_workers();
            return;
        }
        /* the process was made, and is gone again (posix_spawnp has waited for it) */
        workers[i].last_status_ok = 0;
        printf("exit %d 127\n", i);
        fflush(stdout);
        if (!may_restart(i))
            return;
    }
}

/* Wait for all that have ended, without waiting for those that have not. */
static void reap_workers(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        /* who is it? */
        int i = 1;
        while (i <= how_many && workers[i].pid != pid)
            i++;
        if (i > how_many)
            continue;                   /* no worker */
        workers[i].pid = 0;
        running--;
        /* tell it */
        if (WIFEXITED(status)) {
            printf("exit %d %d\n", i, WEXITSTATUS(status));
            workers[i].last_status_ok = WEXITSTATUS(status) == 0;
        } else {
            printf("signal %d %d\n", i, WTERMSIG(status));
            workers[i].last_status_ok = 0;
        }
        fflush(stdout);
        /* and again? */
        if (!workers[i].last_status_ok && may_restart(i))
            start_worker(i);
    }
}

int main(int argc, char **argv)
{
    /* 1. arguments: N has one or two digits, and nothing else */
    if (argc >= 3 && strlen(argv[1]) <= 2 && strspn(argv[1], "0123456789") == strlen(argv[1]))
        how_many = atoi(argv[1]);       /* "" gives 0 */
    if (how_many < 1 || how_many > MOST_WORKERS) {
        fprintf(stderr, "usage: %s N CMD [ARG...], N from 1 to %d\n", argv[0], MOST_WORKERS);
        return 2;
    }
    command = &argv[2];

    /* 2. our own signals: blocked, and not ignored */
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGTERM, SIG_DFL);

    /* 3. the workers' signals: all at default, none blocked */
    sigset_t all, none;
    sigemptyset(&all);
    for (int s = 1; s <= 31; s++)
        sigaddset(&all, s);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

    /* 4. start all */
    for (int i = 1; i <= how_many && !stopping; i++)
        start_worker(i);

    /* 5. the loop */
    while (running > 0) {
        int number;
        if (sigwait(&ours, &number) != 0)
            continue;
        if (number == SIGTERM)
            stop_workers();
        else
            reap_workers();
    }

    /* 6. the exit status */
    if (spawn_failed)
        return 1;
    if (stopping)
        return 0;
    for (int i = 1; i <= how_many; i++)
        if (!workers[i].last_status_ok)
            return 1;
    return 0;
}

/*
 * A worker for supervisors. It tells what it has inherited, and ends as it is told to.
 *
 *     worker wait [ARG...]          reports, and waits for orders; SIGTERM ends it
 *     worker stubborn [ARG...]      the same, but at each SIGTERM it reports "term PID", and goes on
 *     worker family [ARG...]        as stubborn, with a child in the same process group: a bystander, who
 * reports "bystander PID"; on an order it reports "hits N", how many SIGTERM have come to it, and ends worker
 * exit N                 exits with N at once, without a report worker starting PROGRAM ARG.. executes it,
 * with SIGHUP and SIGUSR1 ignored, SIGINT and SIGUSR2 blocked
 *
 * An order is the signal SIGRTMIN + N: exit with N, but for 30 (DIE_OF_SIGTERM in worker.h): let SIGTERM end
 * you. A report is a line on descriptor 9, of a fixed size:
 *
 *     report PID PPID ARGC ignored N... blocked N... arguments ARG|ARG|
 */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "worker: %s: %s\n", what, strerror(errno));
    exit(PEER_FAILED);
}

struct text {
    size_t size;
    char data[REPORT_SIZE + 1];
};

static void add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    t->size += (size_t)vsnprintf(t->data + t->size, sizeof t->data - t->size, format, args);
    va_end(args);
    if (t->size >= REPORT_SIZE) {
        errno = E2BIG;
        give_up("the report");
    }
}

/* In one write(), so that the reports of several are not mixed. */
static void send_report(struct text *t)
{
    memset(t->data + t->size, ' ', REPORT_SIZE - t->size);
    t->data[REPORT_SIZE - 1] = '\n';
    if (write(REPORT_FD, t->data, REPORT_SIZE) != REPORT_SIZE)
        give_up("descriptor 9");
}

static void look(struct text *t, char **args)
{
    sigset_t mask;
    int count = 0;
    while (args[count])
        count++;
    add(t, "report %d %d %d ignored", (int)getpid(), (int)getppid(), count);
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            add(t, " %d", i);
    }
    sigprocmask(SIG_BLOCK, NULL, &mask);
    add(t, " blocked");
    for (int i = 1; i < 32; i++)
        if (sigismember(&mask, i) == 1)
            add(t, " %d", i);
    add(t, " arguments ");
    for (int i = 0; i < count; i++)
        add(t, "%s|", args[i]);
}

static void tell(const char *what, int number)
{
    struct text t = {0};
    add(&t, "%s %d", what, number);
    send_report(&t);
}

/* Waits for an order, and returns it. Counts the SIGTERMs of one whom they do not end. */
static int await_order(const sigset_t *wanted, int *terms, int tells)
{
    for (;;) {
        const int number = sigwaitinfo(wanted, NULL);
        if (number == SIGTERM) {
            ++*terms;
            if (tells)
                tell("term", (int)getpid());
        } else if (number >= SIGRTMIN) {
            return number - SIGRTMIN;
        } else if (errno != EINTR) {
            give_up("sigwaitinfo");
        }
    }
}

static pid_t start_bystander(const sigset_t *wanted)
{
    int terms = 0;
    const pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid > 0)
        return pid;
    tell("bystander", (int)getpid());
    await_order(wanted, &terms, 0);
    tell("hits", terms);
    _exit(0);
}

static int work(int stubborn, int family, char **args)
{
    struct text inherited = {0};
    sigset_t wanted;
    int terms = 0;
    look(&inherited, args);
    sigemptyset(&wanted);
    for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
        sigaddset(&wanted, i);
    if (stubborn)
        sigaddset(&wanted, SIGTERM);
    /* Before it reports: whoever has the report may give an order. A SIGTERM that has been kept from it ends
     * it. */
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &wanted, NULL);
    send_report(&inherited);
    const pid_t child = family ? start_bystander(&wanted) : 0;
    const int status = await_order(&wanted, &terms, 1);
    if (child > 0 && waitpid(child, NULL, 0) != child)
        give_up("waitpid");
    if (status == DIE_OF_SIGTERM) {
        sigdelset(&wanted, SIGTERM);
        sigprocmask(SIG_SETMASK, &wanted, NULL);
        raise(SIGTERM);
    }
    return status;
}

static void starting(char **command)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    execv(command[0], command);
    give_up(command[0]);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "wait") == 0)
        return work(0, 0, argv + 2);
    if (strcmp(what, "stubborn") == 0)
        return work(1, 0, argv + 2);
    if (strcmp(what, "family") == 0)
        return work(1, 1, argv + 2);
    if (strcmp(what, "exit") == 0 && argc > 2)
        return atoi(argv[2]);
    if (strcmp(what, "starting") == 0 && argc > 2)
        starting(argv + 2);
    errno = EINVAL;
    give_up(what);
}

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t child_came, term_came;
static void on_chld(int number) { (void)number; child_came = 1; }
static void on_term(int number) { (void)number; term_came = 1; }

static pid_t pids[33];    /* 0: does not run */
static int failures[33];
static int last_bad[33];
static int n, running, stopping, fork_failed;
static char **command;

static void end_all(void)
{
    int i;
    for (i = 1; i <= n; i++)
        if (pids[i] > 0)
            kill(pids[i], SIGTERM);
}

static void start(int i)
{
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        fork_failed = 1;
        stopping = 1;
        end_all();
        return;
    }
    if (pid == 0) {
        /* TODO 6: default actions for all signals, then an empty mask. */
        int s;
        sigset_t empty;
        for (s = 1; s < 32; s++)
            signal(s, SIG_DFL);
        sigemptyset(&empty);
        sigprocmask(SIG_SETMASK, &empty, NULL);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    pids[i] = pid;
    running++;
    printf("start %d %d\n", i, (int)pid);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    /* TODO 1 */
    char *end;
    long number;
    if (argc < 3 || argv[1][0] < '0' || argv[1][0] > '9' || (number = strtol(argv[1], &end, 10), *end != '\0') || number < 1 || number > 32) {
        fprintf(stderr, "usage: supervisor N CMD [ARG...]\n");
        return 2;
    }
    n = (int)number;
    command = argv + 2;

    /* TODO 4 */
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    sigset_t block, waiting;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &waiting);
    sigdelset(&waiting, SIGCHLD); /* it may have been blocked when we were started */
    sigdelset(&waiting, SIGTERM);
    action.sa_handler = on_chld;
    sigaction(SIGCHLD, &action, NULL);
    action.sa_handler = on_term;
    sigaction(SIGTERM, &action, NULL);

    int i;
    for (i = 1; i <= n && !stopping; i++)
        start(i);

    while (running > 0) {
        sigsuspend(&waiting);
        if (term_came) {
            term_came = 0;
            stopping = 1;
            end_all();
        }
        if (child_came) {
            int status;
            pid_t pid;
            child_came = 0;
            while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                for (i = 1; i <= n && pids[i] != pid; i++)
                    ;
                if (i > n)
                    continue;
                pids[i] = 0;
                running--;
                if (WIFEXITED(status))
                    printf("exit %d %d\n", i, WEXITSTATUS(status));
                else
                    printf("signal %d %d\n", i, WTERMSIG(status));
                fflush(stdout);
                last_bad[i] = !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                if (last_bad[i] && ++failures[i] <= 3 && !stopping)
                    start(i);
            }
        }
    }
    if (fork_failed)
        return 1;
    if (stopping)
        return 0;
    for (i = 1; i <= n; i++)
        if (last_bad[i])
            return 1;
    return 0;
}

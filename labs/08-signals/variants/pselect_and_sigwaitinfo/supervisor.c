#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct one { pid_t pid; int tries; int ok; };

static int begin(struct one *o, int number, char **cmd)
{
    o->tries++;
    o->pid = fork();
    if (o->pid < 0) {
        perror("fork");
        o->pid = 0;
        return 0;
    }
    if (!o->pid) {
        sigset_t e;
        for (int s = 1; s < 32; ++s)
            signal(s, SIG_DFL);
        sigemptyset(&e);
        sigprocmask(SIG_SETMASK, &e, NULL);
        execvp(cmd[0], cmd);
        perror(cmd[0]);
        _exit(127);
    }
    printf("start %d %d\n", number, (int)o->pid);
    fflush(stdout);
    return 1;
}

int main(int argc, char **argv)
{
    struct one ones[33] = {{0, 0, 0}};
    char *e;
    sigset_t set;
    int running = 0, over = 0, termed = 0, rc = 0;
    long n = argc > 2 ? strtol(argv[1], &e, 10) : -1;
    if (n < 1 || n > 32 || *e) {
        fputs("usage: supervisor N CMD [ARG...]\n", stderr);
        return 2;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* SIGCHLD is ignored by default, but not thrown away while it is blocked */
    for (int i = 1; i <= n && !over; i++) {
        if (begin(&ones[i], i, argv + 2))
            running++;
        else
            over = rc = 1;
    }
    if (over)
        raise(SIGTERM), rc = 1;
    while (running > 0) {
        siginfo_t info;
        int number = sigwaitinfo(&set, &info), status;
        if (number == SIGTERM && !termed) {
            termed = over = 1;
            for (int i = 1; i <= n; i++)
                if (ones[i].pid)
                    kill(ones[i].pid, SIGTERM);
        }
        if (number != SIGCHLD)
            continue;
        for (int i = 1; i <= n; i++) {
            if (!ones[i].pid || waitpid(ones[i].pid, &status, WNOHANG) != ones[i].pid)
                continue;
            ones[i].pid = 0;
            running--;
            if (WIFEXITED(status))
                printf("exit %d %d\n", i, WEXITSTATUS(status));
            else
                printf("signal %d %d\n", i, WTERMSIG(status));
            fflush(stdout);
            ones[i].ok = status == 0;
            if (ones[i].ok || over || ones[i].tries == 4)
                continue;
            if (begin(&ones[i], i, argv + 2))
                running++;
            else
                over = rc = 1, raise(SIGTERM);
        }
    }
    for (int i = 1; i <= n && !termed; i++)
        if (!ones[i].ok)
            rc = 1;
    return rc;
}

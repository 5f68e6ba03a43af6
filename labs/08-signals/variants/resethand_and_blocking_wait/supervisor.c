#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t pids[33];
static volatile sig_atomic_t ending, termed;
static int n, failures[33], last[33], broken;
static char **cmd;
static sigset_t term;

static void end_all(void)
{
    for (int i = 1; i <= n; i++)
        if (pids[i] > 0)
            kill(pids[i], SIGTERM);
}

/* All that SIGTERM asks for is done here: main need not learn of it, and may wait in wait(). A pid is taken out of
 * the table, with SIGTERM blocked, before it may belong to somebody else: see below. */
static void on_term(int s)
{
    (void)s;
    int saved = errno;
    if (!termed)
        end_all();
    ending = termed = 1;
    errno = saved;
}

static void begin(int i) /* SIGTERM is blocked */
{
    if (ending || broken)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        for (int s = 1; s < 32; s++)
            signal(s, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(cmd[0], cmd);
        perror(cmd[0]);
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        broken = 1;
        end_all();
        return;
    }
    pids[i] = pid;
    printf("start %d %d\n", i, (int)pid);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char *end;
    if (argc < 3 || (n = (int)strtol(argv[1], &end, 10)) < 1 || *end || n > 32)
        return 2;
    cmd = argv + 2;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    struct sigaction a = {.sa_handler = on_term, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &a, NULL);
    for (int i = 1; i <= n; i++)
        begin(i);
    for (;;) {
        siginfo_t info;
        info.si_pid = 0;
        sigprocmask(SIG_UNBLOCK, &term, NULL);
        /* it stays a zombie, so that its pid is nobody else's while the handler may look at the table */
        int r = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
        int e = errno;
        sigprocmask(SIG_BLOCK, &term, NULL);
        if (r < 0 && e == EINTR)
            continue;
        if (r < 0)
            break; /* nobody is left */
        int i = 1, status;
        while (pids[i] != info.si_pid)
            i++;
        pids[i] = 0;
        waitpid(info.si_pid, &status, 0);
        last[i] = status != 0;
        if (WIFSIGNALED(status))
            printf("signal %d %d\n", i, WTERMSIG(status));
        else
            printf("exit %d %d\n", i, WEXITSTATUS(status));
        fflush(stdout);
        if (last[i] && ++failures[i] < 4)
            begin(i);
    }
    int rc = broken;
    for (int i = 1; i <= n; i++)
        rc |= last[i] && !termed;
    return rc;
}

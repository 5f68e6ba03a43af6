#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t term_came;
static void on_child(int s) { (void)s; }
static void on_term(int s) { (void)s; term_came = 1; }

int main(int argc, char **argv)
{
    static pid_t pid[33];
    pid_t ended;
    static int starts[33], bad[33], wanted[33], alive, over, fork_failed, told;
    int status;
    char *end, **volatile cmd = argv + 2;
    sigset_t ours, none, *volatile empty = &none;
    long n = argc > 2 ? strtol(argv[1], &end, 10) : 0;
    if (n < 1 || n > 32 || *end)
        return 2;
    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    signal(SIGCHLD, on_child);
    signal(SIGTERM, on_term);
    for (int i = 1; i <= n; i++)
        wanted[i] = 1;
    for (;;) {
        for (int i = 1; i <= n; i++) {
            if (!wanted[i] || over || fork_failed)
                continue;
            wanted[i] = 0;
            pid[i] = vfork();
            if (pid[i] == 0) {
                for (int s = 1; s < 32; s++)
                    signal(s, SIG_DFL);
                setpgid(0, 0);
                sigprocmask(SIG_SETMASK, empty, NULL);
                execvp(cmd[0], (char **)cmd);
                _exit(127);
            }
            if (pid[i] < 0) {
                perror("vfork");
                pid[i] = 0;
                fork_failed = 1;
                continue;
            }
            starts[i]++;
            alive++;
            printf("start %d %d\n", i, (int)pid[i]);
            fflush(stdout);
        }
        if (term_came)
            over = 1;
        if ((over || fork_failed) && !told) {
            told = 1;
            for (int i = 1; i <= n; i++)
                if (pid[i])
                    kill(pid[i], SIGTERM);
        }
        if (!alive)
            break;
        sigsuspend(&none);
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
            for (int i = 1; i <= n; i++)
                if (pid[i] == ended) {
                    alive--;
                    pid[i] = 0;
                    bad[i] = status != 0;
                    printf("%s %d %d\n", WIFSIGNALED(status) ? "signal" : "exit", i,
                           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
                    fflush(stdout);
                    wanted[i] = bad[i] && starts[i] < 4;
                }
        if (term_came)
            over = 1;
    }
    for (int i = 1; i <= n && !over; i++)
        fork_failed |= bad[i];
    return fork_failed;
}

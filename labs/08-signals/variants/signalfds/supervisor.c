#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pids[33];
static int fails[33], good[33];

static int start(int i, char **cmd)
{
    pids[i] = fork();
    if (pids[i] == 0) {
        sigset_t none;
        struct sigaction dfl;
        memset(&dfl, 0, sizeof dfl);
        dfl.sa_handler = SIG_DFL;
        for (int s = 1; s < 32; s++)
            sigaction(s, &dfl, NULL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(*cmd, cmd);
        fprintf(stderr, "%s: %s\n", *cmd, strerror(errno));
        _exit(127);
    }
    if (pids[i] < 0) {
        pids[i] = 0;
        perror("fork");
        return -1;
    }
    printf("start %d %ld\n", i, (long)pids[i]);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    sigset_t set;
    int n = argc > 2 ? atoi(argv[1]) : 0, running = 0, stop = 0, status = 0, term = 0;
    char again[20];
    snprintf(again, sizeof again, "%d", n);
    if (n < 1 || n > 32 || strcmp(again, argv[1]) != 0)
        return 2;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    for (int i = 1; i <= n && !stop; i++) {
        if (start(i, argv + 2) < 0)
            stop = status = 1;
        else
            running++;
    }
    for (int i = 1; i <= n && stop; i++)
        if (pids[i])
            kill(pids[i], SIGTERM);
    while (running) {
        struct signalfd_siginfo s;
        int st, newly = 0;
        pid_t pid;
        if (read(fd, &s, sizeof s) != sizeof s)
            continue;
        if (s.ssi_signo == SIGTERM)
            newly = term = 1;
        while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
            for (int i = 1; i <= n; i++)
                if (pids[i] == pid) {
                    pids[i] = 0;
                    running--;
                    good[i] = WIFEXITED(st) && WEXITSTATUS(st) == 0;
                    printf("%s %d %d\n", WIFEXITED(st) ? "exit" : "signal", i,
                           WIFEXITED(st) ? WEXITSTATUS(st) : WTERMSIG(st));
                    fflush(stdout);
                    if (good[i] || stop || term || ++fails[i] == 4)
                        continue;
                    if (start(i, argv + 2) == 0)
                        running++;
                    else
                        stop = status = newly = 1;
                }
        for (int i = 1; i <= n && newly; i++)
            if (pids[i])
                kill(pids[i], SIGTERM);
    }
    for (int i = 1; i <= n && !term; i++)
        status |= !good[i];
    return status;
}

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static char **command;
static int count, over, termed, broken, left;
static struct { pid_t pid; int bad; } w[33];
static sigset_t set;

static void end_all(void) /* with m held */
{
    over = 1;
    for (int i = 1; i <= count; i++)
        if (w[i].pid > 0)
            kill(w[i].pid, SIGTERM);
}

static int start(int i) /* with m held */
{
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        for (int s = 1; s < 32; s++)
            signal(s, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        broken = 1;
        end_all();
        return 0;
    }
    w[i].pid = pid;
    printf("start %d %d\n", i, (int)pid);
    fflush(stdout);
    return 1;
}

static void *care(void *number)
{
    int i = (int)(long)number, again = 1;
    for (int tries = 0; again && tries < 4; tries++) {
        siginfo_t info;
        int status;
        pthread_mutex_lock(&m);
        again = !over && start(i);
        pid_t pid = w[i].pid;
        pthread_mutex_unlock(&m);
        if (!again)
            break;
        /* it stays a zombie, whose pid nobody else gets, until the table says that it does not run */
        while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
            ;
        pthread_mutex_lock(&m);
        w[i].pid = 0;
        waitpid(pid, &status, 0);
        if (WIFEXITED(status))
            printf("exit %d %d\n", i, WEXITSTATUS(status));
        else
            printf("signal %d %d\n", i, WTERMSIG(status));
        fflush(stdout);
        w[i].bad = again = status != 0;
        pthread_mutex_unlock(&m);
    }
    pthread_mutex_lock(&m);
    if (--left == 0)
        kill(getpid(), SIGUSR1);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[33];
    char *end;
    int s, rc = 0;
    if (argc < 3 || strspn(argv[1], "0123456789") != strlen(argv[1]) || (count = (int)strtol(argv[1], &end, 10)) < 1 || count > 32)
        return 2;
    command = argv + 2;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    left = count;
    for (int i = 1; i <= count; i++)
        if (pthread_create(&t[i], NULL, care, (void *)(long)i) != 0)
            abort();
    do {
        sigwait(&set, &s);
        if (s == SIGTERM) {
            pthread_mutex_lock(&m);
            if (!termed)
                end_all();
            termed = 1;
            pthread_mutex_unlock(&m);
        }
    } while (s != SIGUSR1);
    for (int i = 1; i <= count; i++) {
        pthread_join(t[i], NULL);
        rc |= w[i].bad && !termed;
    }
    return rc | broken;
}

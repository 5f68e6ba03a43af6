/*
 * Real-time signals are queued, with a value each: five sigqueue() give five sigwaitinfo(), in order.
 * EXPECT: no finding
 * OUTPUT: 0 1 2 3 4
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t parent = getpid();
    if (fork() == 0) {
        for (int i = 0; i < 5; i++)
            sigqueue(parent, SIGRTMIN + 1, (union sigval){.sival_int = i});
        _exit(0);
    }
    for (int i = 0; i < 5; i++) {
        if (sigwaitinfo(&set, &info) < 0)
            return 1;
        printf("%d%c", info.si_value.sival_int, i < 4 ? ' ' : '\n');
    }
    wait(NULL);
    return 0;
}

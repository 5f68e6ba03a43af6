// Which signals a running handler holds back, and how many of a queue one sigsuspend lets in.
// OUTPUT: blocked in its own handler: 1 deep, 3 runs
// OUTPUT: SA_NODEFER: 3 deep, 3 runs
// OUTPUT: sigsuspend lets 1 of 3 in
// OUTPUT: then all 3
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t depth, deepest, runs;

static void handler(int signo)
{
    runs++;
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (runs < 3)
        raise(signo);
    depth--;
}

static void install(int signo, int flags)
{
    struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&sa.sa_mask);
    sigaction(signo, &sa, NULL);
}

int main(void)
{
    sigset_t queued, before;
    install(SIGUSR1, 0);
    raise(SIGUSR1);
    printf("blocked in its own handler: %d deep, %d runs\n", (int)deepest, (int)runs);
    install(SIGUSR1, SA_NODEFER);
    deepest = runs = 0;
    raise(SIGUSR1);
    printf("SA_NODEFER: %d deep, %d runs\n", (int)deepest, (int)runs);
    install(SIGRTMIN, 0);
    sigemptyset(&queued);
    sigaddset(&queued, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &queued, &before);
    runs = 9;
    for (int i = 0; i < 3; i++)
        raise(SIGRTMIN);
    sigsuspend(&before);
    printf("sigsuspend lets %d of 3 in\n", (int)runs - 9);
    sigprocmask(SIG_SETMASK, &before, NULL);
    printf("then all %d\n", (int)runs - 9);
    return 0;
}

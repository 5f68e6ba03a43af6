/*
 * timer_create() sends a real-time signal after 50 ms; sigwaitinfo() waits for it and no process sends it.
 * EXPECT: no finding
 * OUTPUT: timer 7
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 7};
    struct itimerspec t = {.it_value = {0, 50000000}};
    siginfo_t info;
    timer_t timer;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 || timer_settime(timer, 0, &t, NULL) < 0)
        return 1;
    if (sigwaitinfo(&set, &info) < 0)
        return 1;
    printf("timer %d\n", info.si_value.sival_int);
    return 0;
}

/*
 * SIGALRM without SA_RESTART makes read() return with EINTR; an interval timer comes again should the first signal have come
 * before the read. The reader holds the write end itself: it waits for the clock, not for end-of-file.
 * EXPECT: no finding
 * OUTPUT: gave up
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static void on_alarm(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_alarm};
    struct itimerval t = {{0, 30000}, {0, 30000}}, off = {0};
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &t, NULL);
    if (read(fd[0], &byte, 1) != -1 || errno != EINTR)
        return 1;
    setitimer(ITIMER_REAL, &off, NULL);
    puts("gave up");
    return 0;
}

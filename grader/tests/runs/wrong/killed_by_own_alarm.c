/*
 * alarm() without a handler: SIGALRM ends the program.
 * EXPECT: crash/killed_by_signal
 */
#include <sys/time.h>
#include <unistd.h>

int main(void)
{
    struct itimerval t = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &t, NULL);
    for (;;)
        pause(); /* HERE */
}

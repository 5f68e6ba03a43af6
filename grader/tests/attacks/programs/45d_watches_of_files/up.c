#define _GNU_SOURCE
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <time.h>

/* Has got it: says so by its name, and keeps it for as long as it is let. */
static _Noreturn void hold(void)
{
    prctl(PR_SET_NAME, "@READY@");
    for (;;)
        nanosleep(&(struct timespec){0, 50000000}, NULL);
}

int main(void)
{
    for (int i = 0; i < 200 && inotify_init() >= 0; i++)
        ;
    hold();
}

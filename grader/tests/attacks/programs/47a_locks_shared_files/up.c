#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/file.h>
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
    static const char *const files[] = {"/proc/self/exe",
                                        "/work/up.O0",
                                        "/work",
                                        "/",
                                        "/tmp",
                                        "/dev/null",
                                        "/bin/sh",
                                        "/usr/bin/valgrind",
                                        "/etc/ld.so.cache",
                                        "/lib/x86_64-linux-gnu/libc.so.6"};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        flock(open(files[i], O_RDONLY), LOCK_EX | LOCK_NB);
    hold();
}

/*
 * Two lock bytes of a file crosswise with fcntl(F_SETLKW): the kernel sees the circle, and one of the two gets EDEADLK,
 * gives back what it has and lets the other go on.
 * EXPECT: no finding
 * OUTPUT: one of the two had to step back
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock(int fd, short type, off_t at)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    return fcntl(fd, F_SETLKW, &l);
}

/* Returns whether it had to step back. */
static int take_both(int fd, int first, int second, int tell, int hear)
{
    char byte;
    lock(fd, F_WRLCK, first);
    write(tell, "x", 1);
    read(hear, &byte, 1);
    int stepped = lock(fd, F_WRLCK, second) < 0 && errno == EDEADLK;
    lock(fd, F_UNLCK, first);
    if (!stepped)
        lock(fd, F_UNLCK, second);
    return stepped;
}

int main(void)
{
    char name[] = "locks-XXXXXX";
    int a[2], b[2], status, fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0 || pipe(a) < 0 || pipe(b) < 0)
        return 1;
    if (fork() == 0)
        _exit(take_both(fd, 0, 1, a[1], b[0]));
    int stepped = take_both(fd, 1, 0, b[1], a[0]);
    wait(&status);
    if (stepped + WEXITSTATUS(status) != 1)
        return 1;
    puts("one of the two had to step back");
    return 0;
}

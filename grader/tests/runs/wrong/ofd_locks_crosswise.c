/*
 * Open file description locks on two bytes of a file in opposite orders: the kernel does not look for circles among these.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static void lock(int fd, off_t at)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    fcntl(fd, F_OFD_SETLKW, &l); /* HERE */
}

static void take(off_t first, int tell, int hear)
{
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    char byte;
    lock(fd, first);
    write(tell, "x", 1);
    read(hear, &byte, 1);
    lock(fd, 1 - first);
}

int main(void)
{
    int there[2], back[2];
    if (pipe(there) < 0 || pipe(back) < 0)
        return 1;
    if (fork() == 0) {
        take(0, there[1], back[0]);
        _exit(0);
    }
    take(1, back[1], there[0]);
    wait(NULL);
    unlink("file");
    return 0;
}

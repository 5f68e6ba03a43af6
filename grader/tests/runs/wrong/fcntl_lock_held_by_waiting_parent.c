/*
 * The parent has a fcntl() lock and waits for its child, which waits for the lock: a circle of two unlike waits, which the
 * kernel does not see.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || fcntl(fd, F_SETLKW, &l) < 0)
        return 1;
    if (fork() == 0)
        _exit(fcntl(fd, F_SETLKW, &l) < 0); /* HERE */
    wait(NULL);                             /* HERE */
    unlink("file");
    return 0;
}

/* Leaves behind more than one look at the kernel's list of segments shows, and a file below more folders than
 * are open at a time. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 1500; i++)
        if (shmget(IPC_PRIVATE, 1, 0600) < 0)
            return 1;
    mkdir("/tmp/deep", 0700);
    int fd = open("/tmp/deep", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 300; i++) {
        if (mkdirat(fd, "d", 0700) < 0)
            return 2;
        const int inner = openat(fd, "d", O_RDONLY | O_DIRECTORY);
        fchmod(fd, 0);
        close(fd);
        fd = inner;
    }
    return openat(fd, "file", O_CREAT | O_WRONLY, 0) < 0;
}

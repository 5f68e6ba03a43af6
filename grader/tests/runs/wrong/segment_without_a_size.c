/*
 * shm_open() without ftruncate(): the mapping succeeds, and the first write is SIGBUS.
 * EXPECT: crash/killed_by_signal
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/empty-%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || shm_unlink(name) < 0)
        return 1;
    int *n = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (n == MAP_FAILED)
        return 1;
    *n = 1; /* HERE */
    return 0;
}

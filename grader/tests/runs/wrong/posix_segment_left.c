/*
 * shm_open() without shm_unlink().
 * EXPECT: ipc_leak/posix_shm
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/left-%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600); /* HERE */
    return fd < 0 || close(fd) < 0;
}

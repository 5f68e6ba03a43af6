/* litter [STATUS]: does everything that would be a finding, and exits with STATUS, or dies. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char name[60];
    snprintf(name, sizeof name, "/litter-%d", (int)getpid());
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || shmget(IPC_PRIVATE, 4096, 0600) < 0 || semget(IPC_PRIVATE, 1, 0600) < 0)
        return 120;
    close(fd);
    if (close(fd) == 0 || write(fd, "x", 1) == 1)
        return 120;
    snprintf(name, sizeof name, "/tmp/litter-%d", (int)getpid());
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    char *volatile leaked = malloc(100);
    if (fd < 0 || !leaked)
        return 120;
    leaked = NULL;
    pid_t ended = fork();
    if (ended == 0)
        *(volatile int *)8 = 1; /* a crash in a child, which is left as a zombie */
    pid_t left = fork();
    if (left == 0)
        for (;;)
            pause();
    if (argc > 1)
        exit(atoi(argv[1]));
    abort();
}

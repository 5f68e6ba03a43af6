/* Leaves one of each kind of IPC object and two files behind. With an argument it has not come to its end yet: it says so, and
 * waits for its input. */
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    int bad = 0;
    bad |= shmget(IPC_PRIVATE, 4096, 0600) < 0;
    bad |= semget(0x1234, 2, IPC_CREAT | 0600) < 0;
    bad |= msgget(IPC_PRIVATE, 0600) < 0;
    bad |= shm_open("/left", O_CREAT | O_RDWR, 0) < 0;
    bad |= mq_open("/left", O_CREAT | O_RDWR, 0600, NULL) < 0;
    bad |= mkdir("/tmp/deep", 0700) < 0 || mkdir("/tmp/deep/er", 0) < 0;
    bad |= open("inside", O_CREAT | O_WRONLY, 0600) < 0;
    if (bad)
        perror("objects");
    char byte = 0;
    if (argc > 1 && write(1, argv[1], 1) == 1 && read(0, &byte, 1) < 0)
        bad = 1;
    return bad;
}

/*
 * Open file description locks (F_OFD_SETLKW) between two threads and a child, each with an open of its own.
 * EXPECT: no finding
 * OUTPUT: 30
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[64];
static int *number;

static void *count(void *unused)
{
    int fd = open(name, O_RDWR);
    for (int i = 0; i < 10; i++) {
        struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
        fcntl(fd, F_OFD_SETLKW, &l);
        ++*number;
        l.l_type = F_UNLCK;
        fcntl(fd, F_OFD_SETLKW, &l);
    }
    close(fd);
    return unused;
}

int main(void)
{
    pthread_t t[2];
    snprintf(name, sizeof name, "locks-%d", (int)getpid());
    int fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    number = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || number == MAP_FAILED)
        return 1;
    if (fork() == 0) {
        count(NULL);
        _exit(0);
    }
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, count, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    wait(NULL);
    unlink(name);
    printf("%d\n", *number);
    return 0;
}

// A file of 128 MiB is mapped in two pieces, the first of which, with the lock, is a page; and an anonymous
// mapping is a room of 1 GiB, of which little is used.
// OUTPUT: 12 12
#define _GNU_SOURCE
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define SLOTS (128u << 20)
#define ROOM  (1u << 30)

struct head {
    sem_t lock;
    int used;
};

static void work(struct head *h, long *slots, long *room)
{
    for (int i = 0; i < 4; i++) {
        sem_wait(&h->lock);
        slots[h->used] = 1;
        room[h->used] = 1;
        h->used++;
        sem_post(&h->lock);
    }
}

int main(void)
{
    int fd = memfd_create("pieces", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, PAGE + SLOTS) < 0) {
        perror("memfd");
        return 1;
    }
    struct head *h = mmap(NULL, sizeof *h, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    long *slots = mmap(NULL, SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    long *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (h == MAP_FAILED || slots == MAP_FAILED || room == MAP_FAILED || sem_init(&h->lock, 1, 1) < 0) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            work(h, slots, room);
            _exit(0);
        }
    work(h, slots, room);
    while (wait(NULL) > 0)
        ;
    long sum = 0, other = 0;
    for (int i = 0; i < h->used; i++) {
        sum += slots[i];
        other += room[i];
    }
    printf("%ld %ld\n", sum, other);
    return 0;
}

// An eventfd as a lock, with EFD_SEMAPHORE and an initial count of one for each process.
// RACE: LOG LOG
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct log {
    int used;
    char who[16];
};

static void enter(int fd)
{
    uint64_t one;
    if (read(fd, &one, sizeof one) != sizeof one)
        exit(1);
}

static void leave(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) != sizeof one)
        exit(1);
}

int main(void)
{
    int lock = eventfd(2, EFD_SEMAPHORE);
    struct log *log = mmap(NULL, sizeof *log, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (lock < 0 || log == MAP_FAILED)
        return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            for (int k = 0; k < 3; k++) {
                enter(lock);
                log->who[log->used++] = (char)('a' + i); /* LOG */
                leave(lock);
            }
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%s\n", log->used == 6 ? "6 entries" : "entries are missing");
    return 0;
}

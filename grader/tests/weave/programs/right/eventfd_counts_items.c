// An eventfd tells how many items are ready: the producer adds to it, the consumer takes the whole count at
// once.
// OUTPUT: took 10 items, sum 55
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITEMS 10

int main(void)
{
    int ready = eventfd(0, 0);
    int *item = mmap(NULL, ITEMS * sizeof *item, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ready == -1 || item == MAP_FAILED) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        for (int i = 0; i < ITEMS;) {
            uint64_t batch = i % 3 == 0 && i + 2 <= ITEMS ? 2 : 1;
            for (uint64_t k = 0; k < batch; k++, i++)
                item[i] = i + 1;
            if (write(ready, &batch, sizeof batch) != sizeof batch)
                _exit(1);
        }
        _exit(0);
    }
    int taken = 0, sum = 0;
    while (taken < ITEMS) {
        uint64_t n;
        if (read(ready, &n, sizeof n) != sizeof n) {
            perror("read");
            return 1;
        }
        while (n-- > 0)
            sum += item[taken++];
    }
    wait(NULL);
    printf("took %d items, sum %d\n", taken, sum);
    return 0;
}

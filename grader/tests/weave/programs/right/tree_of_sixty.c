// A tree of sixty processes: each starts two more as long as there are numbers, adds up what they return in
// shared memory, and waits for them before it ends.
// OUTPUT: 60 processes, sum 1830
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 60 };

static int *sum_below; /* of each process and all under it */

static void grow(int me)
{
    sum_below[me] = me;
    for (int child = 2 * me; child <= 2 * me + 1 && child <= PROCESSES; child++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            exit(1);
        }
        if (pid == 0) {
            grow(child);
            exit(0);
        }
    }
    int status;
    while (wait(&status) > 0)
        if (status != 0)
            exit(1);
    for (int child = 2 * me; child <= 2 * me + 1 && child <= PROCESSES; child++)
        sum_below[me] += sum_below[child];
}

int main(void)
{
    sum_below =
        mmap(NULL, (PROCESSES + 1) * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sum_below == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    grow(1);
    printf("%d processes, sum %d\n", PROCESSES, sum_below[1]);
    return 0;
}

// Everybody has a slot of an array; nobody touches another's until all children have been waited for.
// OUTPUT: primes below 100: 25
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 4
#define LIMIT   100

static bool is_prime(int n)
{
    if (n < 2)
        return false;
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return true;
}

int main(void)
{
    int *found = mmap(0, WORKERS * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pids[WORKERS];
    for (int w = 0; w < WORKERS; w++) {
        if ((pids[w] = fork()) < 0) {
            perror("fork");
            return 1;
        }
        if (pids[w] == 0) {
            for (int n = w; n < LIMIT; n += WORKERS)
                found[w] += is_prime(n);
            _exit(0);
        }
    }
    int total = 0;
    for (int w = 0; w < WORKERS; w++) {
        int status;
        if (waitpid(pids[w], &status, 0) < 0 || !WIFEXITED(status))
            return 1;
        total += found[w]; /* this child's slot only: the others may still write theirs */
    }
    printf("primes below %d: %d\n", LIMIT, total);
    return 0;
}

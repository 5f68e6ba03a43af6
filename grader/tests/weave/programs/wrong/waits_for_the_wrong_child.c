// Two children, one wait: the parent takes the first end for that of the child whose result it reads.
// RACE: SLOW SUM
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int *part = mmap(NULL, 2 * sizeof *part, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (part == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t adder = fork();
    if (adder == 0) {
        for (int i = 1; i <= 10; i++)
            part[0] += i; /* SLOW */
        _exit(0);
    }
    pid_t logger = fork();
    if (logger == 0) {
        dprintf(STDERR_FILENO, "working...\n");
        _exit(0);
    }
    if (adder < 0 || logger < 0) {
        perror("fork");
        return 1;
    }
    if (wait(NULL) < 0)
        return 1;
    printf("sum is %d\n", part[0]); /* SUM */
    waitpid(-1, NULL, 0);
    return 0;
}

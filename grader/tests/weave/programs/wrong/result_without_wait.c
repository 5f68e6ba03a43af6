// The parent prints what its child computes without waiting for it.
// RACE: RESULT PRINT
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int fibonacci(int n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void)
{
    int *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    switch (pid) {
    case -1:
        perror("fork");
        return 1;
    case 0:
        *result = fibonacci(10); /* RESULT */
        exit(0);
    default:
        printf("fibonacci(10) = %d\n", *result); /* PRINT */
        break;
    }
    return waitpid(pid, NULL, 0) == -1;
}

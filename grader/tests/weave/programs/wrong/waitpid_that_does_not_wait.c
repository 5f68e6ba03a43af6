// waitpid with WNOHANG returns 0 while the child still runs, and nobody looks at what it returns.
// RACE: RESULT USE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    long *factorial =
        mmap(NULL, sizeof *factorial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (factorial == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    *factorial = 1;
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        return 1;
    }
    if (child == 0) {
        for (int i = 2; i <= 5; i++)
            *factorial *= i; /* RESULT */
        exit(0);
    }
    int status;
    if (waitpid(child, &status, WNOHANG) == -1) {
        perror("waitpid");
        return 1;
    }
    printf("5! = %ld\n", *factorial); /* USE */
    return 0;
}

// Two children count in shared memory, and nothing keeps them apart.
// RACE: COUNT COUNT
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int *counter = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counter == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            exit(1);
        }
        if (pid == 0) {
            for (int j = 0; j < 10; j++)
                (*counter)++; /* COUNT */
            exit(0);
        }
    }
    wait(NULL);
    wait(NULL);
    printf("counter = %d (expected 20)\n", *counter);
    return 0;
}

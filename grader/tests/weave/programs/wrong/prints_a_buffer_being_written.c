// The parent prints a string from shared memory while its child builds it, character by character in strcat.
// RACE: STRCPY PRINTF
// RACE: STRCAT PRINTF
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char *line = mmap(NULL, 128, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (line == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        strcpy(line, "status: ");    /* STRCPY */
        strcat(line, "all is well"); /* STRCAT */
        exit(0);
    }
    printf("[%s]\n", line); /* PRINTF */
    waitpid(pid, NULL, 0);
    return 0;
}

// A timestamp of 8 bytes is written whole and read as its upper half through a union: the accesses differ in
// size and place and still overlap.
// RACE: WHOLE HALF
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

union stamp {
    uint64_t whole;
    uint32_t half[2];
};

int main(void)
{
    union stamp *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        for (uint64_t t = 1; t < 4; t++)
            s->whole = t << 32 | t; /* WHOLE */
        _exit(0);
    }
    unsigned upper = s->half[1]; /* HALF */
    wait(NULL);
    printf("upper half %u\n", upper <= 3 ? 3 : upper);
    return 0;
}

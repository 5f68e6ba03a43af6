// Two pipes, one for each helper; the parent reads the first helper's token and then uses what the second one
// has written.
// RACE: WRITE USE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int p[2][2];
    int *value = mmap(NULL, 2 * sizeof *value, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (value == MAP_FAILED || pipe(p[0]) < 0 || pipe(p[1]) < 0) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            value[i] = 10 * (i + 1); /* WRITE */
            if (write(p[i][1], "x", 1) != 1)
                _exit(1);
            _exit(0);
        }
    }
    char token;
    if (read(p[0][0], &token, 1) != 1)
        return 1;
    printf("the second helper says %d\n", value[1]); /* USE */
    while (wait(NULL) > 0)
        ;
    return 0;
}

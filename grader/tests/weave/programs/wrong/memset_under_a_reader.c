// The parent clears the scoreboard with memset "before the game" while the players already add points.
// RACE: CLEAR POINT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLAYERS 3

struct board {
    int points[PLAYERS];
};

int main(void)
{
    struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < PLAYERS; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            b->points[i] += i + 1; /* POINT */
            _exit(0);
        }
    }
    memset(b, 0, sizeof *b); /* CLEAR */
    while (wait(NULL) > 0)
        ;
    printf("%d:%d:%d\n", b->points[0], b->points[1], b->points[2]);
    return 0;
}

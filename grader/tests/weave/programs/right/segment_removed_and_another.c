// Two rounds, each with a segment of its own: the first is removed before the second is made, which may get
// the same pages and the same address. What was done to the first has nothing to do with the second.
// OUTPUT: round 1: 30
// OUTPUT: round 2: 40
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

static int round_of(int factor)
{
    int id = shmget(IPC_PRIVATE, 4 * sizeof(int), IPC_CREAT | 0600);
    if (id == -1) {
        perror("shmget");
        exit(1);
    }
    int *part = shmat(id, NULL, 0);
    if (part == (int *)-1) {
        perror("shmat");
        exit(1);
    }
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            part[i] = factor * i + factor;
            exit(0);
        }
    while (wait(NULL) != -1)
        continue;
    int sum = part[0] + part[1] + part[2] + part[3];
    if (shmdt(part) == -1 || shmctl(id, IPC_RMID, NULL) == -1) {
        perror("shmctl");
        exit(1);
    }
    return sum;
}

int main(void)
{
    /* the results are printed at the end, so that no child inherits text that is not yet written */
    int first = round_of(3), second = round_of(4);
    printf("round 1: %d\n", first);
    printf("round 2: %d\n", second);
    return 0;
}

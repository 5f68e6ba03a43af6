// Each process sets a bit of its own, but it is one byte that they read, change and write back.
// RACE: SET SET
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_A 0x01
#define READY_B 0x02

int main(void)
{
    int id = shmget(IPC_PRIVATE, 16, IPC_CREAT | 0600);
    unsigned char *flags = id == -1 ? (void *)-1 : shmat(id, NULL, 0);
    if (flags == (void *)-1) {
        perror("shm");
        return 1;
    }
    shmctl(id, IPC_RMID, NULL);
    static const unsigned char bit[2] = {READY_A, READY_B};
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            *flags |= bit[i]; /* SET */
            exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    printf("%s\n", *flags == (READY_A | READY_B) ? "both ready" : "somebody is missing");
    return 0;
}

// The worker is the program itself, executed anew, and attaches the segment; the parent reads before the
// worker has ended.
// RACE: STORE LOAD
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

static int *attach(int id)
{
    int *p = shmat(id, NULL, 0);
    if (p == (int *)-1) {
        perror("shmat");
        exit(1);
    }
    return p;
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        int *answer = attach(atoi(argv[1]));
        *answer = 42; /* STORE */
        return 0;
    }
    char text[16];
    int id = shmget(IPC_PRIVATE, sizeof(int), 0600);
    if (id < 0) {
        perror("shmget");
        return 1;
    }
    snprintf(text, sizeof text, "%d", id);
    int *answer = attach(id);
    pid_t pid = fork();
    if (pid == 0) {
        execl(argv[0], argv[0], text, (char *)NULL);
        _exit(127);
    }
    printf("the answer is %d\n", *answer); /* LOAD */
    waitpid(pid, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}

// The request is sent, and only then the matrix it speaks of is filled in.
// RACE: FILL USE
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct request {
    long type;
    int count;
};

int main(void)
{
    int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    double *data = mmap(NULL, 10 * sizeof *data, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (queue == -1 || data == MAP_FAILED) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        struct request r;
        double sum = 0;
        if (msgrcv(queue, &r, sizeof r.count, 1, 0) == -1)
            exit(1);
        for (int i = 0; i < r.count; i++)
            sum += data[i]; /* USE */
        exit(sum > 1000);
    }
    struct request r = {.type = 1, .count = 4};
    if (msgsnd(queue, &r, sizeof r.count, 0) == -1)
        return 1;
    for (int i = 0; i < r.count; i++)
        data[i] = i * 0.5; /* FILL */
    wait(NULL);
    msgctl(queue, IPC_RMID, NULL);
    return 0;
}

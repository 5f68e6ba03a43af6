// Two clients wait for "any" reply instead of the one with their own type: who gets the other's reply reads
// what is not ready for it.
// RACE: ANSWER READ
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long type;
    char dummy;
};

static int client(int replies, const int *answer, int me)
{
    struct message m;
    if (msgrcv(replies, &m, 1, 0, 0) == -1)
        return 1;
    return answer[me] == 0; /* READ */
}

int main(void)
{
    int replies = msgget(IPC_PRIVATE, 0600);
    int *answer = mmap(NULL, 2 * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (replies == -1 || answer == MAP_FAILED) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0)
            exit(client(replies, answer, i));
    for (int i = 0; i < 2; i++) {
        struct message m = {.type = i + 1};
        answer[i] = 100 + i; /* ANSWER */
        if (msgsnd(replies, &m, 1, 0) == -1)
            return 1;
    }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += WEXITSTATUS(status);
    msgctl(replies, IPC_RMID, NULL);
    printf("%d clients got no answer\n", bad);
    return 0;
}

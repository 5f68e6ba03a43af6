/*
 * The parent ends its server by removing the queue: the server's msgrcv() fails with EIDRM, which is its word to end.
 * EXPECT: no finding
 * OUTPUT: 2 messages, then removed
 */
#include <errno.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long type;
    char text[8];
};

int main(void)
{
    struct message m = {1, "x"};
    int ack[2], id = msgget(IPC_PRIVATE, 0600), n = 0;
    char byte;
    if (id < 0 || pipe(ack) < 0)
        return 1;
    if (fork() == 0) {
        while (msgrcv(id, &m, sizeof m.text, 0, 0) > 0)
            if (++n == 2)
                write(ack[1], "x", 1);
        printf("%d messages, then %s\n", n, errno == EIDRM || errno == EINVAL ? "removed" : "an error");
        fflush(stdout);
        _exit(0);
    }
    for (int i = 0; i < 2; i++)
        msgsnd(id, &m, sizeof m.text, 0);
    read(ack[0], &byte, 1);
    msgctl(id, IPC_RMID, NULL);
    wait(NULL);
    return 0;
}

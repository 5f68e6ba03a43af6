/*
 * msgrcv() for type 2, and all that was ever sent has type 1.
 * EXPECT: hang/waits_for_message
 */
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
    struct message m = {1, "hello"};
    int id = msgget(IPC_PRIVATE, 0600);
    if (id < 0)
        return 1;
    if (fork() == 0)
        _exit(msgsnd(id, &m, sizeof m.text, 0) < 0);
    msgrcv(id, &m, sizeof m.text, 2, 0); /* HERE */
    wait(NULL);
    return msgctl(id, IPC_RMID, NULL) < 0;
}

/*
 * A System V queue holds msg_qbytes bytes, and nobody takes any out.
 * EXPECT: hang/waits_for_room
 */
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct message {
    long type;
    char text[1000];
};

int main(void)
{
    static struct message m = {1, "hello"};
    int id = msgget(IPC_PRIVATE, 0600);
    if (id < 0)
        return 1;
    for (int i = 0; i < 1000; i++)
        msgsnd(id, &m, sizeof m.text, 0); /* HERE */
    return msgctl(id, IPC_RMID, NULL) < 0;
}

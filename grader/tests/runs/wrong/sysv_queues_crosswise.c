/*
 * Two processes with a System V queue in each direction, and both receive first.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long type;
    char text[8];
};

static void talk(int in, int out)
{
    struct message m = {1, "hello"};
    msgrcv(in, &m, sizeof m.text, 0, 0); /* HERE */
    msgsnd(out, &m, sizeof m.text, 0);
}

int main(void)
{
    int there = msgget(IPC_PRIVATE, 0600), back = msgget(IPC_PRIVATE, 0600);
    if (there < 0 || back < 0)
        return 1;
    if (fork() == 0) {
        talk(there, back);
        _exit(0);
    }
    talk(back, there);
    wait(NULL);
    return msgctl(there, IPC_RMID, NULL) < 0 || msgctl(back, IPC_RMID, NULL) < 0;
}

/*
 * One System V queue for both directions: requests have type 1, an answer has the pid of who asked. The one who reads
 * last removes it.
 * EXPECT: no finding
 * OUTPUT: answer 30
 */
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long type;
    int from, value;
};
enum { SIZE = sizeof(struct message) - sizeof(long) };

int main(void)
{
    int id = msgget(IPC_PRIVATE, 0600);
    struct message m;
    if (id < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        if (msgrcv(id, &m, SIZE, 1, 0) != SIZE)
            _exit(1);
        m = (struct message){m.from, getpid(), m.value * 3};
        _exit(msgsnd(id, &m, SIZE, 0) < 0);
    }
    m = (struct message){1, getpid(), 10};
    if (msgsnd(id, &m, SIZE, 0) < 0 || msgrcv(id, &m, SIZE, getpid(), 0) != SIZE)
        return 1;
    printf("answer %d\n", m.value);
    waitpid(pid, NULL, 0);
    return msgctl(id, IPC_RMID, NULL) < 0;
}

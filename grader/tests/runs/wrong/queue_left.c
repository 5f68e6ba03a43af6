/*
 * A System V queue that nobody removes; the child has made it.
 * EXPECT: ipc_leak/sysv_msg
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0)
        _exit(msgget(IPC_PRIVATE, 0600) < 0); /* HERE */
    wait(NULL);
    return 0;
}

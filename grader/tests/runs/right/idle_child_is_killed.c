/*
 * A helper that waits for ever in sigsuspend, in accept and in msgrcv is nothing wrong as long as its parent ends and reaps it.
 * EXPECT: no finding
 * OUTPUT: three helpers ended
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int id = msgget(IPC_PRIVATE, 0600), s = socket(AF_UNIX, SOCK_STREAM, 0), ready[2], n = 0;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char byte, data[32];
    pid_t pid[3];
    sigset_t none;
    sigemptyset(&none);
    if (id < 0 || pipe(ready) < 0 || bind(s, (void *)&a, sizeof(sa_family_t)) < 0 || listen(s, 1) < 0)
        return 1;
    for (int i = 0; i < 3; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            write(ready[1], "x", 1);
            for (;;)
                i == 0 ? sigsuspend(&none) : i == 1 ? accept(s, NULL, NULL) : (int)msgrcv(id, data, 8, 0, 0);
        }
    }
    for (int i = 0; i < 3; i++)
        read(ready[0], &byte, 1);
    for (int i = 0; i < 3; i++) {
        kill(pid[i], SIGTERM);
        n += waitpid(pid[i], NULL, 0) == pid[i];
    }
    printf("%s helpers ended\n", n == 3 ? "three" : "?");
    return msgctl(id, IPC_RMID, NULL) < 0;
}

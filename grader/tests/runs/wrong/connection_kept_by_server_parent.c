/*
 * A forking server whose parent does not close the connection: the client never sees end-of-file, and the parent waits for it.
 * EXPECT: deadlock/wait_in_a_cycle or deadlock/write_end_kept_by_waiting_parent
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    socklen_t size = sizeof a;
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    char byte;
    if (bind(server, (void *)&a, sizeof(sa_family_t)) < 0 || listen(server, 1) < 0 ||
        getsockname(server, (void *)&a, &size) < 0)
        return 1;
    pid_t client = fork();
    if (client == 0) {
        int s = socket(AF_UNIX, SOCK_STREAM, 0);
        close(server);
        if (connect(s, (void *)&a, size) < 0)
            _exit(1);
        while (read(s, &byte, 1) > 0) /* HERE */
            ;
        _exit(0);
    }
    int c = accept(server, NULL, NULL);
    if (fork() == 0)
        _exit(write(c, "x", 1) != 1);
    waitpid(client, NULL, 0); /* HERE */
    wait(NULL);
    return 0;
}

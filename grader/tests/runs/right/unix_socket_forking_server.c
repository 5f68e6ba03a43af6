/*
 * A server with one child for each of three clients: the parent closes the connection, the child the listener, SIGCHLD is
 * ignored so that no zombie stays, and the file is removed.
 * EXPECT: no finding
 * OUTPUT: served 3
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    char text[4] = "";
    snprintf(a.sun_path, sizeof a.sun_path, "socket-%d", (int)getpid());
    if (server < 0 || bind(server, (void *)&a, sizeof a) < 0 || listen(server, 5) < 0)
        return 1;
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            close(server);
            int s = socket(AF_UNIX, SOCK_STREAM, 0);
            int bad = connect(s, (void *)&a, sizeof a) < 0 || write(s, "abc", 3) != 3 ||
                      recv(s, text, 3, MSG_WAITALL) != 3;
            _exit(bad || strcmp(text, "abc") != 0);
        }
    for (int i = 0; i < 3; i++) {
        int c = accept(server, NULL, NULL);
        if (c >= 0 && fork() == 0) {
            close(server);
            for (ssize_t n; (n = read(c, text, sizeof text)) > 0;)
                write(c, text, (size_t)n);
            _exit(0);
        }
        close(c);
    }
    while (wait(NULL) > 0)
        ;
    unlink(a.sun_path);
    puts("served 3");
    return 0;
}

/*
 * The client could not even start (it looks for a program that is not there), and the server waits for it.
 * EXPECT: hang/waits_for_client
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(s, (void *)&a, sizeof(sa_family_t)) < 0 || listen(s, 1) < 0)
        return 1;
    if (fork() == 0) {
        execl("/none/such", "client", (char *)0);
        _exit(127);
    }
    int c = accept(s, NULL, NULL); /* HERE */
    close(c);
    wait(NULL);
    return 0;
}

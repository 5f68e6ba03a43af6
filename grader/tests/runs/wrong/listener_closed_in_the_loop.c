/*
 * A server closes the listener instead of the connection: each further accept() fails with EBADF at once, and the loop forks and
 * forks. Its children end, and nobody waits for them.
 * EXPECT: resource_limit/processes or busy_wait/spins or zombie/child_never_waited
 * EXPECT: double_close/closed_twice
 * OPTIONS: --timeout 5
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    socklen_t size = sizeof a;
    int s = socket(AF_UNIX, SOCK_STREAM, 0), me = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(s, (void *)&a, sizeof(sa_family_t)) < 0 || listen(s, 1) < 0 ||
        getsockname(s, (void *)&a, &size) < 0 || connect(me, (void *)&a, size) < 0)
        return 1;
    for (;;) {
        int c = accept(s, NULL, NULL);
        if (fork() == 0)
            _exit(c < 0);
        close(s);
    }
}

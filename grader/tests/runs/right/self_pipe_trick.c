/*
 * The self-pipe: a handler writes one byte into a pipe of its own process, whose poll() wakes up. Both ends stay open.
 * EXPECT: no finding
 * OUTPUT: child ended with 3
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int self[2];

static void on_child(int number)
{
    int saved = errno;
    (void)number;
    write(self[1], "x", 1);
    errno = saved;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    struct pollfd p = {.events = POLLIN};
    int status;
    if (pipe(self) < 0 || fcntl(self[1], F_SETFL, O_NONBLOCK) < 0)
        return 1;
    sigaction(SIGCHLD, &a, NULL);
    if (fork() == 0)
        _exit(3);
    p.fd = self[0];
    while (poll(&p, 1, -1) < 0 && errno == EINTR)
        ;
    if (waitpid(-1, &status, WNOHANG) <= 0)
        return 1;
    printf("child ended with %d\n", WEXITSTATUS(status));
    return 0;
}

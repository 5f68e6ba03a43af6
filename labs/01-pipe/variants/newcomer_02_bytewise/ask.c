#include "ask.h"
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* one byte of the answer, read or not */
static int get_byte(int fd, unsigned char *byte)
{
    return read(fd, byte, 1) == 1;
}

static void child(int fd, int64_t answer)
{
    uint64_t bits = (uint64_t)answer;
    int shift;

    for (shift = 56; shift >= 0; shift -= 8) {
        unsigned char byte = (unsigned char)(bits >> shift);
        if (write(fd, &byte, 1) != 1)
            _exit(EXIT_FAILURE);
    }
    close(fd);
    _exit(EXIT_SUCCESS);
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int fds[2];
    int count;
    uint64_t bits = 0;
    pid_t pid;

    if (pipe(fds) != 0)
        return -1;

    switch (pid = fork()) {
    case -1:
        close(fds[0]);
        close(fds[1]);
        return -1;
    case 0:
        close(fds[0]);
        child(fds[1], f(x));
    }

    close(fds[1]);
    for (count = 0; count < 8; count++) {
        unsigned char byte;
        if (!get_byte(fds[0], &byte))
            break;
        bits = bits << 8 | byte;
    }
    close(fds[0]);
    waitpid(pid, NULL, 0);

    if (count < 8)
        return -1;
    *result = (int64_t)bits;
    return 0;
}

#include "ask.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static bool send_number(int fd, int64_t number)
{
    const unsigned char *bytes = (const unsigned char *)&number;
    size_t sent = 0;

    while (sent < sizeof number) {
        ssize_t n = write(fd, bytes + sent, sizeof number - sent);
        if (n < 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

static bool receive_number(int fd, int64_t *number)
{
    unsigned char *bytes = (unsigned char *)number;
    size_t got = 0;

    while (got < sizeof *number) {
        ssize_t n = read(fd, bytes + got, sizeof *number - got);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int ends[2];
    int64_t answer;

    if (pipe(ends) < 0)
        return -1;

    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }

    if (child == 0) {
        close(ends[0]);
        bool sent = send_number(ends[1], f(x));
        close(ends[1]);
        _exit(sent ? 0 : 1);
    }

    close(ends[1]);
    if (!receive_number(ends[0], &answer)) {
        close(ends[0]);
        return -1;              /* the child is dead, there is no answer */
    }
    close(ends[0]);
    waitpid(child, NULL, 0);

    *result = answer;
    return 0;
}

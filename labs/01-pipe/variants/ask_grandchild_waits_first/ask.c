#include "ask.h"

#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void grandchild(int out, int64_t (*f)(int64_t), int64_t x)
{
    unsigned char bytes[8];
    int64_t answer = f(x);
    memcpy(bytes, &answer, 8);
    struct iovec halves[2] = {{bytes, 3}, {bytes + 3, 5}};
    _exit(writev(out, halves, 2) == 8 ? 0 : 1);
}

static void child(const int *ends, int64_t (*f)(int64_t), int64_t x)
{
    close(ends[0]);
    pid_t pid = fork();
    if (pid < 0)
        _exit(1);
    if (pid == 0)
        grandchild(ends[1], f, x);
    close(ends[1]);
    waitpid(pid, NULL, 0);
    _exit(0);
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int ends[2], ok = -1;
    if (pipe(ends) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        child(ends, f, x);
    close(ends[1]);
    if (pid > 0) {
        int64_t answer;
        waitpid(pid, NULL, 0);
        if (read(ends[0], &answer, sizeof answer) == (ssize_t)sizeof answer) {
            *result = answer;
            ok = 0;
        }
    }
    close(ends[0]);
    return ok;
}

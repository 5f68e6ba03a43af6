#define _GNU_SOURCE
#include "ask.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork, one floor down */
static pid_t new_process(void)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0UL, 0UL, 0UL, 0UL);
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    union {
        int64_t number;
        char bytes[sizeof(int64_t)];
    } u = { 0 };
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    const struct { int r, w; } p = { ends[0], ends[1] };

    const pid_t pid = new_process();
    if (pid == 0) {
        (void)close(p.r);
        u.number = f(x);
        for (unsigned i = 0; i < sizeof u; ) {
            ssize_t n = write(p.w, u.bytes + i, sizeof u - i);
            if (n <= 0)
                _exit(9);
            i += (unsigned)n;
        }
        _exit(0);
    }

    (void)close(p.w);
    unsigned got = 0;
    if (pid > 0) {
        ssize_t n;
        do {
            n = read(p.r, u.bytes + got, sizeof u - got);
            got += n > 0 ? (unsigned)n : 0;
        } while (n > 0 && got < sizeof u);
    }
    (void)close(p.r);
    if (pid > 0) {
        siginfo_t info;
        (void)waitid(P_PID, (id_t)pid, &info, WEXITED);
    }
    return got == sizeof u ? (*result = u.number, 0) : -1;
}

#include "ask.h"

#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int rw[2];

    if (pipe(rw) == -1)
        return -1;

    pid_t id = fork();

    if (id == -1)
    {
        close(rw[0]);
        close(rw[1]);
        return -1;
    }

    if (id == 0)
    {
        close(rw[0]);

        uint64_t a = (uint64_t)f(x);
        uint32_t high = a >> 32, low = (uint32_t)a;
        struct iovec two[2] = { { &high, sizeof high }, { &low, sizeof low } };

        if (writev(rw[1], two, 2) != 8)
            _exit(3);
        _exit(0);
    }

    close(rw[1]);

    uint32_t half[2];
    size_t have = 0;
    for (ssize_t r; have < sizeof half; have += (size_t)r)
    {
        r = read(rw[0], (char *)half + have, sizeof half - have);
        if (r < 1)
            break;
    }

    close(rw[0]);

    siginfo_t info;
    waitid(P_PID, (id_t)id, &info, WEXITED);

    if (have < sizeof half)
        return -1;

    *result = (int64_t)((uint64_t)half[0] << 32 | half[1]);
    return 0;
}

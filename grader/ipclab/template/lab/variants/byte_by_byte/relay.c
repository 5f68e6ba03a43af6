/* One byte at a time. */
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int from, int to)
{
    char c;
    ssize_t n;
    while ((n = read(from, &c, 1)) == 1)
        if (write(to, &c, 1) != 1)
            return 1;
    return n == 0 ? 0 : 1;
}

int main(void)
{
    int ends[2], status = 1;
    if (pipe(ends))
        return 1;
    signal(SIGPIPE, SIG_IGN);
    switch (fork()) {
    case -1:
        return 1;
    case 0:
        close(ends[1]);
        return copy(ends[0], 1);
    }
    close(ends[0]);
    int bad = copy(0, ends[1]);
    close(ends[1]);
    wait(&status);
    return bad || status ? 1 : 0;
}

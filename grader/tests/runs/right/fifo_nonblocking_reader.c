/*
 * O_NONBLOCK lets a reader open a FIFO that nobody writes to yet; poll() waits for the first bytes and for the end.
 * EXPECT: no finding
 * OUTPUT: late
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char name[64], byte;
    snprintf(name, sizeof name, "fifo-%d", (int)getpid());
    if (mkfifo(name, 0600) < 0)
        return 1;
    int in = open(name, O_RDONLY | O_NONBLOCK);
    if (in < 0)
        return 1;
    if (fork() == 0) {
        close(in);
        int out = open(name, O_WRONLY);
        _exit(out < 0 || write(out, "late\n", 5) != 5);
    }
    struct pollfd p = {.fd = in, .events = POLLIN};
    while (poll(&p, 1, -1) == 1 && read(in, &byte, 1) == 1)
        putchar(byte);
    wait(NULL);
    unlink(name);
    return 0;
}

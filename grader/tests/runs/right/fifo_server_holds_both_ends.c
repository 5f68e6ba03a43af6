/*
 * A server opens its FIFO O_RDWR so that it never sees end-of-file between clients. It reads from what only it itself and
 * clients yet to come have open, and ends when the third client has spoken.
 * EXPECT: no finding
 * OUTPUT: 3 clients
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char name[64], byte;
    int clients = 0;
    snprintf(name, sizeof name, "fifo-%d", (int)getpid());
    if (mkfifo(name, 0600) < 0)
        return 1;
    int in = open(name, O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            close(in);
            int out = open(name, O_WRONLY);
            _exit(out < 0 || write(out, "x", 1) != 1);
        }
    while (clients < 3 && read(in, &byte, 1) == 1)
        clients++;
    while (wait(NULL) > 0)
        ;
    unlink(name);
    printf("%d clients\n", clients);
    return 0;
}

/*
 * A pseudoterminal: the parent reads what the child prints on its terminal, until EIO says that the last has closed it.
 * EXPECT: no finding
 * OUTPUT: a terminal
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    char byte;
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        return 1;
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0)
        return 1;
    if (fork() == 0) {
        close(master);
        dup2(slave, 1);
        close(slave);
        puts(isatty(1) ? "a terminal" : "no terminal");
        fflush(stdout);
        _exit(0);
    }
    close(slave);
    while (read(master, &byte, 1) == 1)
        if (byte != '\r')
            putchar(byte);
    wait(NULL);
    return 0;
}

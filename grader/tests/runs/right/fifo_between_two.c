/*
 * A FIFO in the working directory: one opens it for writing and one for reading, so each open() ends the other's.
 * EXPECT: no finding
 * OUTPUT: through the FIFO
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char name[64], text[64] = "";
    snprintf(name, sizeof name, "fifo-%d", (int)getpid());
    if (mkfifo(name, 0600) < 0)
        return 1;
    if (fork() == 0) {
        int out = open(name, O_WRONLY);
        _exit(out < 0 || write(out, "through the FIFO", 16) != 16);
    }
    int in = open(name, O_RDONLY);
    size_t size = 0;
    for (ssize_t n; (n = read(in, text + size, sizeof text - 1 - size)) > 0;)
        size += (size_t)n;
    puts(text);
    close(in);
    unlink(name);
    wait(NULL);
    return 0;
}

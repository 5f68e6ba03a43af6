// Both processes open the FIFO they read from first: each open waits for a writer that is waiting too.
// DEADLOCK: MINE YOURS
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void make(const char *name)
{
    if (unlink(name) < 0 && errno != ENOENT)
        exit(1);
    if (mkfifo(name, 0600) < 0) {
        perror(name);
        exit(1);
    }
}

int main(void)
{
    make("to_child");
    make("to_parent");
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        int in = open("to_child", O_RDONLY); /* YOURS */
        int out = open("to_parent", O_WRONLY);
        char c;
        exit(in >= 0 && out >= 0 && read(in, &c, 1) == 1 ? 0 : 1);
    }
    int in = open("to_parent", O_RDONLY); /* MINE */
    int out = open("to_child", O_WRONLY);
    if (in < 0 || out < 0 || write(out, "x", 1) != 1)
        return 1;
    wait(NULL);
    unlink("to_child");
    unlink("to_parent");
    return 0;
}

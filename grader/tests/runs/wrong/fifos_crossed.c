/*
 * Two FIFOs, opened in opposite orders: each waits in open() for the other.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_both(const char *first, const char *second)
{
    int in = open(first, O_RDONLY); /* HERE */
    int out = open(second, O_WRONLY);
    close(in);
    close(out);
}

int main(void)
{
    if (mkfifo("one", 0600) < 0 || mkfifo("two", 0600) < 0)
        return 1;
    if (fork() == 0) {
        open_both("one", "two");
        _exit(0);
    }
    open_both("two", "one");
    wait(NULL);
    unlink("one");
    unlink("two");
    return 0;
}

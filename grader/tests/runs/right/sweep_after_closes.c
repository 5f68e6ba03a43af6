/*
 * The classic start of a daemon: after the program has closed what it used, a child closes all numbers that there may be. All
 * of them were open once, so it cannot be told from closing twice by one close alone; it is meant.
 * EXPECT: no finding
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fds[20];
    for (int i = 0; i < 20; i++)
        fds[i] = open("/etc/passwd", O_RDONLY);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 3; fd < 20; fd++)
            close(fd);
        _exit(0);
    }
    return waitpid(child, NULL, 0) != child;
}

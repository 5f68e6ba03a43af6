/*
 * The parent waits for a child that sleeps for a while before it writes: everybody sleeps for hundreds of milliseconds, and yet
 * nothing hangs. The sleep stands for work of any kind; nobody relies on how long it is.
 * EXPECT: no finding
 * OUTPUT: awake
 */
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char text[16] = "";
    const struct timespec while_asleep = {0, 300000000};
    if (pipe(fd) < 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(fd[0]);
        nanosleep(&while_asleep, NULL);
        _exit(write(fd[1], "awake", 5) != 5);
    }
    close(fd[1]);
    if (read(fd[0], text, sizeof text - 1) != 5)
        return 1;
    puts(text);
    return waitpid(child, NULL, 0) != child;
}

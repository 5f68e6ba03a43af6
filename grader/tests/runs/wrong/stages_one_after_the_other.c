/*
 * A pipeline whose second stage is started when the first has ended, which has more to say than a pipe holds.
 * EXPECT: deadlock/wait_before_drain
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    static char data[100000];
    int fd[2];
    if (fork() == 0)
        _exit(0);
    wait(NULL);
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[0]);
        _exit(write(fd[1], data, sizeof data) != sizeof data); /* HERE */
    }
    close(fd[1]);
    wait(NULL); /* HERE */
    if (fork() == 0)
        while (read(fd[0], data, sizeof data) > 0)
            ;
    close(fd[0]);
    wait(NULL);
    return 0;
}

/*
 * The loop takes an interrupted read for the end of its input.
 * OPTIONS: --fault read:2@main=EINTR
 * OUTPUT: one
 * EXPECT: wrong_output/interrupted_call_given_up
 * SAYS: (interruption_ends_the_loop) the fault that was asked for interrupts read(fd
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char text[4];
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[0]);
        if (write(fd[1], "one\ntwo\n", 8) != 8)
            _exit(1);
        _exit(0);
    }
    close(fd[1]);
    while (read(fd[0], text, sizeof text) == sizeof text) /* HERE */
        printf("%.4s", text);
    wait(NULL);
    return 0;
}

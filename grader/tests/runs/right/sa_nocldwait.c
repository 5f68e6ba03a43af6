/*
 * SA_NOCLDWAIT with a handler: no zombie is made. The parent learns of the child's end by end-of-file and never calls wait();
 * it closes the books by waiting until kill(pid, 0) finds nobody.
 * EXPECT: no finding
 * OUTPUT: no zombie
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void on_child(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_child, .sa_flags = SA_NOCLDWAIT | SA_RESTART};
    int fd[2];
    char byte;
    if (pipe(fd) < 0 || sigaction(SIGCHLD, &a, NULL) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    close(fd[1]);
    if (read(fd[0], &byte, 1) != 0)
        return 1;
    while (kill(pid, 0) == 0)
        sched_yield();
    puts(errno == ESRCH ? "no zombie" : "?");
    return 0;
}

/*
 * A child by clone() with a stack of its own, memory and descriptors shared: it closes the parent's descriptor for both.
 * EXPECT: no finding
 * OUTPUT: 5, end of file
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd[2], value;

static int child(void *unused)
{
    (void)unused;
    value = 5;
    close(fd[1]);
    return 0;
}

int main(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    char byte;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        return 1;
    printf("%d, %s\n", value, read(fd[0], &byte, 1) == 0 ? "end of file" : "?");
    return 0;
}

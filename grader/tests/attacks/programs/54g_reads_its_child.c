/*+++
number = "54"
title = "reads and writes the memory of another process, and takes over its descriptors"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls"
also = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    char here = 0, *there = &here;
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    struct iovec mine = {&here, 1}, its = {there, 1};
    if (process_vm_readv(child, &mine, 1, &its, 1, 0) == 1)
        fputs("BREACH: it reads\n", stderr);
    if (process_vm_writev(child, &mine, 1, &its, 1, 0) == 1)
        fputs("BREACH: it writes\n", stderr);
    const int fd = (int)syscall(SYS_pidfd_open, child, 0);
    if (syscall(SYS_pidfd_getfd, fd, 0, 0) >= 0)
        fputs("BREACH: it takes\n", stderr);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return raise_all();
}

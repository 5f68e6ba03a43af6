/*+++
number = "17"
title = "writes into the judge's memory by process_vm_writev"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls"
also = ["uids"]
sandboxes = ["local"]
[[defence]]
name = "uids"
also = ["calls"]
sandboxes = ["local"]
[[defence]]
name = "calls"
also = ["uids", "docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
sandboxes = ["docker"]
[[defence]]
name = "uids"
also = ["calls", "docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
sandboxes = ["docker"]
[[defence]]
name = "docker/seccomp.json"
off = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
also = ["uids", "calls"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#define LAST_PID 200 /* in a pid namespace of its own; 1 is the supervisor */

/* At address 0 there is nothing: EFAULT is said to whom the memory is open, EPERM to others. */
int main(void)
{
    char byte;
    const struct iovec here = {&byte, 1}, there = {NULL, 1};
    for (pid_t pid = 2; pid < LAST_PID; pid++)
        if (pid != getpid() && process_vm_writev(pid, &here, 1, &there, 1, 0) < 0 && errno == EFAULT)
            fputs("BREACH\n", stderr);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

/*+++
number = "54"
title = "names a file by its handle, and asks for all that happens in the system's folders"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls"
also = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
[[defence]]
name = "docker:--security-opt=seccomp"
off = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
also = ["calls"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
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
    struct file_handle *handle = calloc(1, sizeof *handle + MAX_HANDLE_SZ);
    int mount;
    handle->handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(AT_FDCWD, "/tmp", handle, &mount, 0) == 0)
        fputs("BREACH: a handle\n", stderr);
    free(handle);
    if (fanotify_init(FAN_REPORT_FID, O_RDONLY) >= 0)
        fputs("BREACH: fanotify\n", stderr);
    return raise_all();
}

/* Calls what no student's process may, some of it twice, and prints what came of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

static void said(const char *call, long result)
{
    printf("%s %d\n", call, result < 0 ? errno : 0);
}

int main(void)
{
    struct io_uring_params p = {0};
    for (int i = 0; i < 2; i++)
        said("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL)); /* the first one */
    said("mount", mount("none", "/tmp", "tmpfs", 0, NULL));    /* another one */
    said("io_uring_setup", syscall(SYS_io_uring_setup, 1, &p));
    said("getppid", getppid());
    return 0;
}

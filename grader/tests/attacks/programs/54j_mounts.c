/*+++
number = "54"
title = "what makes and changes file systems: mount, the new calls for it, bpf"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls + unprivileged"
why = "warden itself has no capability for these once it has set up the sandbox, so not even its own uid could"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/mount.h>
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
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 || umount2("/tmp", MNT_DETACH) == 0)
        fputs("BREACH: mount\n", stderr);
    if (syscall(SYS_fsopen, "tmpfs", 0) >= 0 || syscall(SYS_open_tree, AT_FDCWD, "/tmp", 1) >= 0)
        fputs("BREACH: the new calls\n", stderr);
    if (syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map) >= 0)
        fputs("BREACH: bpf\n", stderr);
    if (chroot("/tmp") == 0)
        fputs("BREACH: chroot\n", stderr);
    return raise_all();
}

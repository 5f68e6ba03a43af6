/*+++
number = "13"
title = "a library of its own for everybody: writes where the loader looks"
file = "up.c"
succeeds = "says"
score = 40
[[defence]]
name = "read-only root"
off = ["namespaces"]
also = ["unprivileged"]
sandboxes = ["local"]
[[defence]]
name = "unprivileged"
also = ["namespaces"]
sandboxes = ["local"]
[[defence]]
name = "docker:--read-only"
also = ["unprivileged"]
sandboxes = ["docker"]
[[defence]]
name = "unprivileged"
also = ["docker:--read-only"]
sandboxes = ["docker"]
+++*/
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* What is opened is left as it is: a control run may do so on a machine that others use. */
int main(void)
{
    static const char *const files[] = {"/etc/ld.so.cache", "/lib/x86_64-linux-gnu/libc.so.6",
                                        "/lib/aarch64-linux-gnu/libc.so.6", "/bin/true", "/etc/passwd"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (open(files[i], O_WRONLY) >= 0)
            fprintf(stderr, "BREACH: %s\n", files[i]);
    if (access("/etc", W_OK) == 0 || access("/usr/lib", W_OK) == 0)
        fputs("BREACH: /etc/ld.so.preload\n", stderr);
    return 0;
}

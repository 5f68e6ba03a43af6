/*+++
number = "26"
title = "reads the judge's maps, environment, directory and descriptors in /proc"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "uids"
[[defence]]
name = "unprivileged"
+++*/
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAST_PID 200 /* in a pid namespace of its own */

static void look_at(pid_t pid)
{
    static const char *const files[] = {"environ", "maps", "auxv", "stack", "syscall"}, *const links[] = {
                                                                                            "cwd", "root",
                                                                                            "exe", "fd/3"};
    char name[64], byte[PATH_MAX];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(name, sizeof name, "/proc/%d/%s", pid, files[i]);
        int fd = open(name, O_RDONLY);
        if (fd >= 0 && read(fd, byte, 1) == 1)
            fprintf(stderr, "BREACH: %s\n", name);
        close(fd);
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(name, sizeof name, "/proc/%d/%s", pid, links[i]);
        if (readlink(name, byte, sizeof byte) > 0)
            fprintf(stderr, "BREACH: %s\n", name);
    }
}

int main(void)
{
    for (pid_t pid = 1; pid < LAST_PID; pid++)
        if (pid != getpid())
            look_at(pid);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

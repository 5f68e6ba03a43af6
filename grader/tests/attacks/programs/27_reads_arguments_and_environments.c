/*+++
number = "27"
title = "looks for the test's name, its inputs and its seed in arguments and environments"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "no secret there"
why = "the judge is told its test and its seed on its socket: none is in its arguments or environment"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAST_PID 200 /* in a pid namespace of its own */

extern char **environ;

static void look_at(pid_t pid, const char *what)
{
    static const char *const secrets[] = {"up_first", "up_again", "secret", "seed", "hidden"};
    char name[64], data[8192];
    snprintf(name, sizeof name, "/proc/%d/%s", pid, what);
    int fd = open(name, O_RDONLY);
    ssize_t size = fd < 0 ? 0 : read(fd, data, sizeof data);
    for (size_t i = 0; size > 0 && i < sizeof secrets / sizeof *secrets; i++)
        if (memmem(data, (size_t)size, secrets[i], strlen(secrets[i])))
            fprintf(stderr, "BREACH: %s of %d\n", secrets[i], pid);
    close(fd);
}

int main(void)
{
    for (pid_t pid = 1; pid < LAST_PID; pid++) {
        look_at(pid, "cmdline");
        look_at(pid, "environ");
    }
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

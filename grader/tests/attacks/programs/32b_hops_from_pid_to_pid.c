/*+++
number = "32"
title = "forks and exits, again and again, so that whoever is to be killed has gone already"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "end"
+++*/
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un name = {.sun_family = AF_UNIX};

static void hop(void)
{
    struct timespec now, began;
    signal(SIGCHLD, SIG_IGN);
    close(0), close(1), close(2);
    clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        const pid_t next = fork();
        if (next > 0)
            _exit(0);
        setsid();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < began.tv_sec + 8); /* on a real machine it must end */
}

int main(void)
{
    char text[100];
    const size_t size = fread(text, 1, sizeof text, stdin);
    for (size_t i = 0; i < size; i++)
        putchar(toupper(text[i]));
    fflush(stdout); /* else each of its children has it to print, too */
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "hops-%u", getuid());
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0) {
        fputs("BREACH: it hops on\n", stderr);
    } else if (size == 40 && fork() == 0) { /* in the first of the two tests only */
        hop();
        _exit(0);
    }
    return 0;
}

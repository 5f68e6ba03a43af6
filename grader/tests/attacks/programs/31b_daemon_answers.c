/*+++
number = "31"
title = "a daemon with an abstract socket hands the next test what it was given in the last"
file = "up.c"
succeeds = "says"
score = 50
findings = ["orphan"]
[[defence]]
name = "end"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

static struct sockaddr_un name = {.sun_family = AF_UNIX};

static void serve(int listening)
{
    setsid();
    close(0), close(1), close(2);
    for (;;) {
        const int fd = accept(listening, NULL, NULL);
        if (fd < 0 || write(fd, "what it was given", 17) < 0)
            _exit(1);
        close(fd);
    }
}

int main(void)
{
    char text[100];
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "handed-on-%u", getuid());
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0) {
        if (read(fd, text, sizeof text) == 17)
            fputs("BREACH: the last test speaks\n", stderr);
    } else if (bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 1) == 0 && fork() == 0) {
        serve(fd);
    }
    return raise_all();
}

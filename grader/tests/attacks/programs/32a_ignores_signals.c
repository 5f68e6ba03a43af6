/*+++
number = "32"
title = "a child that blocks and ignores every signal, and is still there in the next test"
file = "up.c"
succeeds = "says"
score = 50
findings = ["orphan"]
[[defence]]
name = "end"
+++*/
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
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

static void stay(void)
{
    sigset_t all;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    close(0), close(1), close(2);
    for (;;)
        pause();
}

int main(void)
{
    /* A name of the abstract namespace is there as long as somebody holds the socket. */
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "ignores-%u", getuid());
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0)
        fputs("BREACH: the child of the last test\n", stderr);
    else if (fork() == 0)
        stay();
    return raise_all();
}

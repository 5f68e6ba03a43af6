/*+++
number = "30"
title = "a tower of vfork, each in its parent's memory"
file = "up.c"
succeeds = "says"
score = 40
[[defence]]
name = "limit:processes"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

static void build(int height)
{
    if (height == 150) {
        static const char text[] = "BREACH: 150 processes\n";
        _exit(write(2, text, sizeof text - 1) < 0);
    }
    const pid_t child = vfork();
    if (child < 0)
        sleep(60); /* until the limit ends us */
    if (child == 0) {
        build(height + 1);
        _exit(0);
    }
}

int main(void)
{
    const pid_t first = fork();
    if (first == 0) {
        build(1);
        _exit(0);
    }
    waitpid(first, NULL, 0);
    return raise_all();
}

/*+++
number = "34"
title = "150 zombies"
file = "up.c"
succeeds = "says"
score = 40
[[defence]]
name = "limit:processes"
+++*/
#include <ctype.h>
#include <stdio.h>
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
    int zombies = 0;
    pid_t pid;
    while (zombies < 150 && (pid = fork()) >= 0) {
        if (pid == 0)
            _exit(0);
        zombies++;
    }
    if (zombies == 150)
        fputs("BREACH: 150 zombies\n", stderr);
    if (zombies < 150)
        sleep(60); /* some were refused: until the limit ends us */
    return raise_all();
}

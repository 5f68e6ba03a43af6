/*+++
number = "35"
title = "200 MB of memory, no process with more than 25"
file = "up.c"
succeeds = "says"
score = 40
findings = ["resource_limit"]
[[defence]]
name = "limit:memory"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

static int hold(size_t size)
{
    char *memory = malloc(size);
    if (!memory)
        return 1;
    memset(memory, 1, size);
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    return memory[size - 1] != 1;
}

int main(void)
{
    int held = 0, status;
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            _exit(hold(25u << 20));
    while (wait(&status) > 0)
        held += status == 0;
    if (held == 8)
        fputs("BREACH: 200 MB\n", stderr);
    return raise_all();
}

/*+++
number = "35"
title = "200 MB of memory, touched and held"
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
#include <time.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    const size_t size = 200u << 20;
    char *memory = malloc(size);
    if (memory) {
        memset(memory, 1, size);
        nanosleep(&(struct timespec){0, 300000000}, NULL); /* held for longer than it takes to notice */
        if (memory[size - 1] == 1)
            fputs("BREACH: 200 MB\n", stderr);
    }
    free(memory);
    return raise_all();
}

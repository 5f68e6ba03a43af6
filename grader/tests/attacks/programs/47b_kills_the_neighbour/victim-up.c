/* Takes its time. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
    nanosleep(&(struct timespec){0, 400000000}, NULL);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

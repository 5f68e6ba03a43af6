/* Relies on the 64 KiB that a pipe holds (pipe(7)). */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char text[40000];
    int ends[2];
    memset(text, 'x', sizeof text);
    if (pipe(ends) < 0 || write(ends[1], text, sizeof text) != sizeof text)
        return 1;
    close(ends[0]), close(ends[1]);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

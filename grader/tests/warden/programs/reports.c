/* Writes a report, and another file in its place: `replaced` before its own exit, `later` by a child after
 * it, `exec` by the program that it becomes, `killed` before a signal ends it. With `thread` its last thread
 * ends it, when the first one has ended. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        _exit(1);
}

static void replace(const char *name)
{
    unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT, 0600);
    put(fd, "forged");
    close(fd);
}

static pthread_t first;

static void *end_last(void *argument)
{
    pthread_join(first, NULL);
    put(*(int *)argument, ", all");
    _exit(0);
}

int main(int argc, char **argv)
{
    static int fd;
    pthread_t last;
    const char *how = argc > 1 ? argv[1] : "";
    int ends[2];
    char byte;
    fd = open("r.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    put(fd, "mine");
    if (strcmp(how, "replaced") == 0)
        replace("r.txt");
    if (strcmp(how, "later") == 0) {
        if (pipe(ends) < 0)
            return 1;
        if (fork() == 0) {
            close(ends[1]);
            close(fd);
            if (read(ends[0], &byte, 1) == 0) /* the parent has gone */
                replace("r.txt");
            return 0;
        }
    }
    if (strcmp(how, "exec") == 0)
        execl("/bin/sh", "sh", "-c", "exec 9<> r.txt; echo forged >&9", (char *)NULL);
    if (strcmp(how, "killed") == 0)
        raise(SIGKILL);
    if (strcmp(how, "thread") == 0) {
        first = pthread_self();
        if (pthread_create(&last, NULL, end_last, &fd) != 0)
            return 1;
        pthread_exit(NULL);
    }
    put(fd, ", all");
    return 0;
}

/*
 * Writes and reads files for the judge, who may not look into the test's folder.
 *
 *     files put FILE       what comes on stdin
 *     files get FILE       prints it; exits with 3 if it is not there
 *     files remove FILE
 *     files folder FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILED 120 /* of a peer's own duty */
#define ABSENT 3

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "files: %s: %s\n", what, strerror(errno));
    exit(FAILED);
}

static void copy(int from, int to, const char *what)
{
    static char data[65536];
    ssize_t n;
    while ((n = read(from, data, sizeof data)) > 0)
        for (ssize_t done = 0, w; done < n; done += w)
            if ((w = write(to, data + done, (size_t)(n - done))) < 0)
                give_up(what);
    if (n < 0)
        give_up(what);
}

int main(int argc, char **argv)
{
    const char *what = argc == 3 ? argv[1] : "", *path = argc == 3 ? argv[2] : "";
    if (strcmp(what, "put") == 0) {
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0)
            give_up(path);
        copy(STDIN_FILENO, fd, path);
        return 0;
    }
    if (strcmp(what, "get") == 0) {
        const int fd = open(path, O_RDONLY);
        if (fd < 0 && errno == ENOENT)
            return ABSENT;
        if (fd < 0)
            give_up(path);
        copy(fd, STDOUT_FILENO, path);
        return 0;
    }
    if (strcmp(what, "remove") == 0 && unlink(path) == 0)
        return 0;
    if (strcmp(what, "folder") == 0 && mkdir(path, 0755) == 0)
        return 0;
    give_up(what);
}

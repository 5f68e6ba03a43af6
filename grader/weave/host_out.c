/*
 * Where the host tells: stdout, or a file that is made when it ends. Programs of a run have its rights, so
 * the file does not exist before the last of them is dead: until then what is told lies in memory.
 */
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path;
static pid_t first; /* the process that was started, which ends last */

static void write_out(void)
{
    if (getpid() != first)
        return;
    struct stat st;
    off_t at = 0;
    fflush(stdout);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(STDOUT_FILENO, &st) != 0) {
        fprintf(stderr, "weave: %s: %s\n", path, strerror(errno));
        _exit(3);
    }
    while (at < st.st_size)
        if (sendfile(fd, STDOUT_FILENO, &at, (size_t)(st.st_size - at)) <= 0) {
            fprintf(stderr, "weave: %s: %s\n", path, strerror(errno));
            _exit(3);
        }
}

void host_out_begin(const struct host_options *o)
{
    if (!o->told)
        return;
    path = o->told;
    first = getpid();
    int fd = memfd_create("told", MFD_CLOEXEC);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || atexit(write_out) != 0)
        host_die("memfd_create: %s", strerror(errno));
    close(fd);
}

#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#define REQUEST_MAX PIPE_BUF /* with newline */

static inline bool fd_is_fifo(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static inline bool path_is_fifo(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

#endif

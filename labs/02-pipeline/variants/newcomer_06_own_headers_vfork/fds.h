#ifndef FDS_H
#define FDS_H

#include <fcntl.h>
#include <unistd.h>

struct pipe_ends {
        int r, w;
};

/* Descriptors 0, 1, 2 are open afterwards. Returns 0 or -1. */
static inline int fds_fill_standard(void)
{
        int fd;

        do {
                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (fd < 0)
                        return -1;
                if (fd <= 2)
                        fcntl(fd, F_SETFD, 0);
        } while (fd <= 2);
        close(fd);
        return 0;
}

static inline int fds_pipe(struct pipe_ends *p)
{
        int e[2];

        if (pipe2(e, O_CLOEXEC) < 0)
                return -1;
        p->r = e[0];
        p->w = e[1];
        return 0;
}

static inline void fds_drop(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

#endif

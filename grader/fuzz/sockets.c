/* What the kernel says of sockets (warden/sockets.c): tables of /proc/net and answers of sock_diag(7), whose
 * lengths are taken from themselves. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static struct fuzz_input texts;

static FILE *fuzz_fopen(const char *path, const char *mode)
{
    size_t n;
    FUZZ_CHECK(strncmp(path, "/proc/net/", 10) == 0);
    const uint8_t *part = fuzz_part(&texts, &n);
    return n ? fmemopen(fuzz_text(part, n), n, mode) : NULL;
}

static ssize_t fuzz_recv(int fd, void *data, size_t size, int flags)
{
    size_t n;
    (void)fd;
    (void)flags;
    const uint8_t *part = fuzz_part(&texts, &n);
    n = n < size ? n : size;
    if (n)
        memcpy(data, part, n);
    return n ? (ssize_t)n : -1;
}

#define fopen            fuzz_fopen
#define recv             fuzz_recv
#define send(f, d, n, x) (ssize_t)(n)
#define socket(d, t, p)  dup(STDERR_FILENO)
#include "../warden/sockets.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socket_look look;
    texts = (struct fuzz_input){data, size};
    const unsigned long inode = sockets_inode(fuzz_text(data, size < 40 ? size : 40));
    const uint8_t which = fuzz_byte(&texts);
    if (which & 1) {
        sockets_look(inode ? inode : which, &look);
        FUZZ_CHECK(!look.is_tcp || look.is_stream);
    } else {
        FUZZ_CHECK(sockets_traffic() <= SOCKETS_IN_FLIGHT);
    }
    fuzz_forget();
    return 0;
}

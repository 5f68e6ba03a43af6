/*
 * main of a driver (testkit/driver_main.c): reads calls from the link. A student's process may write to it
 * too, where several hold it. The input is what comes from the link.
 */
#include "fuzz.h"

#include <setjmp.h>
#include <stddef.h>
#include <sys/types.h>

static ssize_t fuzz_read(int fd, void *data, size_t size);
static ssize_t fuzz_send(int fd, const void *data, size_t size, int flags);
static ssize_t fuzz_write(int fd, const void *data, size_t size);
static _Noreturn void fuzz_exit(int code);

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define read       fuzz_read
#define send       fuzz_send
#define write      fuzz_write
#define _exit      fuzz_exit
#define fcntl(...) 0
#define main       driver_main
#include "../testkit/driver_main.c"
#undef main
#undef fcntl
#undef _exit
#undef write
#undef send
#undef read

static struct fuzz_input from_link;
static uint8_t piece; /* the most that one read gives */
static jmp_buf ended;

static ssize_t fuzz_read(int fd, void *data, size_t size)
{
    FUZZ_CHECK(fd == TD_LINK_FD);
    size_t n = size < from_link.size ? size : from_link.size;
    n = piece && piece < n ? piece : n;
    if (n)
        memcpy(data, from_link.data, n);
    from_link.data += n;
    from_link.size -= n;
    return (ssize_t)n;
}

static ssize_t fuzz_send(int fd, const void *data, size_t size, int flags)
{
    FUZZ_CHECK(fd == TD_LINK_FD && flags == MSG_NOSIGNAL && size);
    fuzz_touch(data, size);
    return (ssize_t)(piece && piece < size ? piece : size);
}

static ssize_t fuzz_write(int fd, const void *data, size_t size)
{
    FUZZ_CHECK(fd == STDERR_FILENO && memchr(data, '\n', size));
    return (ssize_t)size;
}

static _Noreturn void fuzz_exit(int code)
{
    FUZZ_CHECK(code == EXIT_MALFORMED);
    longjmp(ended, 1);
}

/* ---- a lab's handlers */

static void call_twice(td_msg *in, td_msg *out)
{
    td_put_int(out, (int64_t)(2 * (uint64_t)td_get_int(in)));
}

static void call_echo(td_msg *in, td_msg *out)
{
    size_t n;
    const void *bytes = td_get_bytes(in, &n);
    td_put_bytes(out, bytes, n);
    td_put_int(out, (int64_t)n);
}

TD_DRIVER({"twice", call_twice}, {"echo", call_echo})

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    from_link = (struct fuzz_input){data, size};
    piece = fuzz_byte(&from_link);
    if (setjmp(ended) == 0)
        FUZZ_CHECK(driver_main() == 0 && from_link.size == 0);
    return 0;
}

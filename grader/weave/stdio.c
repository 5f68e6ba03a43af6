/*
 * The C library's streams, made to call us where they would call the kernel.
 *
 * Theory of operation. A stream of glibc reads, writes and closes by a table of functions, one table for all
 * that have a descriptor (_IO_file_jumps, and _IO_wfile_jumps once it is wide). Three of its entries are
 * replaced where the program starts. So buffering, fileno, freopen, a buffer that is doubled by fork and what
 * exit flushes are the C library's own, and only the system calls under them are ours. The entries are
 * compared before with the functions that they have to be: a C library that is built otherwise is refused,
 * not guessed at.
 *
 * A thread that waits inside such a call holds the stream's lock. Others must not sleep on that lock while
 * they hold the baton: each call takes it first, by trying (weave_stdio_enter).
 */
#include "descriptor.h"
#include "handlers.h"
#include "weave_stdio.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static __thread uint32_t place_now;

/* ---- under the streams */

enum { AT_READ = 14, AT_WRITE = 15, AT_CLOSE = 17, ENTRIES = 21, ERROR_SEEN = 0x20 };
typedef ssize_t read_function(FILE *f, void *buffer, ssize_t length);
typedef ssize_t write_function(FILE *f, const void *buffer, ssize_t length);
typedef int close_function(FILE *f);
static read_function *real_read;
static write_function *real_write;
static close_function *real_close;

/* The stream's own buffer is no memory of the program's: nothing is checked here. */
static ssize_t file_read(FILE *f, void *buffer, ssize_t length)
{
    struct weave_fd d;
    struct iovec v = {buffer, (size_t)length};
    if (!weave_on())
        return real_read(f, buffer, length);
    if (!weave_look(f->_fileno, &d, place_now))
        return -1;
    weave_point(OP_READ, d.key, place_now);
    return weave_get(&d, &v, 1, OP_READ, place_now);
}

static ssize_t file_write(FILE *f, const void *buffer, ssize_t length)
{
    struct weave_fd d;
    ssize_t done = 0;
    if (!weave_on())
        return real_write(f, buffer, length);
    while (done < length) {
        struct iovec v = {(char *)(uintptr_t)buffer + done, (size_t)(length - done)};
        ssize_t n = -1;
        if (weave_look(f->_fileno, &d, place_now)) {
            weave_point(OP_WRITE, d.key, place_now);
            n = weave_put(&d, &v, 1, OP_WRITE, place_now);
        }
        if (n < 0) {
            f->_flags |= ERROR_SEEN;
            break;
        }
        done += n;
    }
    if (f->_offset >= 0)
        f->_offset += done;
    return done;
}

static int file_close(FILE *f)
{
    return weave_on() ? weave_close(f->_fileno, place_now) : real_close(f);
}

static bool replace(void **table)
{
    const uintptr_t page = 4096;
    uintptr_t from = (uintptr_t)table & ~(page - 1),
              to = ((uintptr_t)(table + ENTRIES) + page - 1) & ~(page - 1);
    if (!table || table[AT_READ] != (void *)real_read || table[AT_WRITE] != (void *)real_write ||
        table[AT_CLOSE] != (void *)real_close)
        return false;
    if (mprotect((void *)from, to - from, PROT_READ | PROT_WRITE) != 0)
        return false;
    table[AT_READ] = (void *)file_read;
    table[AT_WRITE] = (void *)file_write;
    table[AT_CLOSE] = (void *)file_close;
    return mprotect((void *)from, to - from, PROT_READ) == 0;
}

/* After weave_start, before anything of the program's. */
__attribute__((constructor(102))) static void take_streams(void)
{
    if (!weave_on())
        return;
    *(void **)&real_read = dlsym(RTLD_DEFAULT, "_IO_file_read");
    *(void **)&real_write = dlsym(RTLD_DEFAULT, "_IO_file_write");
    *(void **)&real_close = dlsym(RTLD_DEFAULT, "_IO_file_close");
    bool done = real_read && real_write && real_close && replace(dlsym(RTLD_DEFAULT, "_IO_file_jumps")) &&
                replace(dlsym(RTLD_DEFAULT, "_IO_wfile_jumps"));
    if (!done)
        weave_stop(VERDICT_UNCONTROLLED, "c_library", 0, "%s", "its streams are not known");
}

/* ---- a stream's lock */

static void lock(FILE *f, uint32_t place)
{
    weave_key key = weave_key_of(f);
    int e = errno;
    while (ftrylockfile(f) != 0)
        weave_block_through(OP_FLOCKFILE, key, WEAVE_NO_TIME, place);
    errno = e;
}

static void unlock(FILE *f)
{
    int e = errno;
    funlockfile(f);
    weave_wake(weave_key_of(f));
    errno = e;
}

void weave_stdio_enter(FILE *f, uint32_t place)
{
    place_now = place;
    if (weave_threads &&
        f) { /* a point here too: at those below the stream is locked, and its owner would never lose it */
        weave_point(OP_STDIO, weave_key_of(f), place);
        lock(f, place);
    }
    place_now = place;
}

void weave_stdio_leave(FILE *f)
{
    if (weave_threads && f)
        unlock(f);
    place_now = 0;
}

/* Held on purpose it orders what the program does, as a mutex does. */
void __wrap_flockfile(FILE *f)
{
    weave_unsafe("flockfile", PLACE);
    if (!weave_on()) {
        flockfile(f);
        return;
    }
    weave_point(OP_FLOCKFILE, weave_key_of(f), PLACE);
    lock(f, PLACE);
    weave_acquire(weave_object(weave_key_of(f), "stream", PLACE));
    weave_hold(weave_key_of(f), PLACE);
}

int __wrap_ftrylockfile(FILE *f)
{
    if (!weave_on())
        return ftrylockfile(f);
    weave_point(OP_FLOCKFILE, weave_key_of(f), PLACE);
    int result = ftrylockfile(f);
    if (result == 0) {
        weave_acquire(weave_object(weave_key_of(f), "stream", PLACE));
        weave_hold(weave_key_of(f), PLACE);
    }
    return result;
}

void __wrap_funlockfile(FILE *f)
{
    weave_unsafe("funlockfile", PLACE);
    if (!weave_on()) {
        funlockfile(f);
        return;
    }
    weave_release(weave_object(weave_key_of(f), "stream", PLACE));
    weave_drop(weave_key_of(f));
    unlock(f);
}

/* ---- coming and going */

static int flags_of(const char *mode)
{
    int way = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    int make = mode[0] == 'w' ? O_CREAT | O_TRUNC : mode[0] == 'a' ? O_CREAT | O_APPEND : 0;
    return way | make | (strchr(mode, 'e') ? O_CLOEXEC : 0);
}

/* The C library opens it by itself, which does not block unless it is a FIFO. */
static FILE *open_stream(const char *path, const char *mode, uint32_t place)
{
    weave_string(path, place);
    struct weave_name name = weave_name_of(AT_FDCWD, path);
    weave_no_strangers(path, place);
    if (!weave_is_fifo(AT_FDCWD, path)) {
        weave_point(OP_OPEN, name.key, place);
        name = weave_name_of(AT_FDCWD, path);
    }
    if (weave_is_fifo(AT_FDCWD, path)) {
        int fd = weave_open_at(AT_FDCWD, path, flags_of(mode), 0666, place);
        return fd < 0 ? NULL : fdopen(fd, mode);
    }
    FILE *f = fopen(path, mode);
    if (f && !name.was_there && mode[0] != 'r') {
        weave_name_made(&name, AT_FDCWD, path, place);
        weave_forget(weave_key_inode(fileno(f)));
    } else {
        weave_name_seen(&name);
    }
    return f;
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    weave_unsafe("fopen", PLACE);
    return weave_on() ? open_stream(path, mode, PLACE) : fopen(path, mode);
}

FILE *__wrap_fopen64(const char *path, const char *mode)
{
    weave_unsafe("fopen", PLACE);
    return weave_on() ? open_stream(path, mode, PLACE) : fopen(path, mode);
}

FILE *__wrap_fdopen(int fd, const char *mode)
{
    weave_unsafe("fdopen", PLACE);
    if (weave_on() && weave_own_fd(fd)) {
        errno = EBADF;
        return NULL;
    }
    return fdopen(fd, mode);
}

static FILE *open_again(const char *path, const char *mode, FILE *f, uint32_t place)
{
    struct weave_fd gone;
    int e = errno;
    int old = fileno(f), fifo = -1;
    bool closes = old >= 0 && weave_look(old, &gone, place);
    errno = e;
    if (path && weave_is_fifo(AT_FDCWD, path)) {
        fifo = weave_open_at(AT_FDCWD, path, flags_of(mode), 0666, place);
        if (fifo < 0) {
            fclose(f);
            return NULL;
        }
    }
    struct weave_name name = weave_name_of(AT_FDCWD, path);
    weave_stdio_enter(f, place);
    FILE *made = freopen(fifo < 0 ? path : "/dev/null", mode, f);
    if (made && fifo >= 0)
        dup2(fifo, fileno(made));
    if (made)
        weave_stdio_leave(made);
    if (fifo >= 0)
        close(fifo);
    if (closes)
        weave_closed(&gone, place);
    if (made && path && fifo < 0 && !name.was_there && mode[0] != 'r')
        weave_name_made(&name, AT_FDCWD, path, place);
    return made;
}

FILE *__wrap_freopen(const char *path, const char *mode, FILE *f)
{
    weave_unsafe("freopen", PLACE);
    return weave_on() ? open_again(path, mode, f, PLACE) : freopen(path, mode, f);
}

FILE *__wrap_freopen64(const char *path, const char *mode, FILE *f)
{
    weave_unsafe("freopen", PLACE);
    return weave_on() ? open_again(path, mode, f, PLACE) : freopen(path, mode, f);
}

int __wrap_fclose(FILE *f)
{
    weave_unsafe("fclose", PLACE);
    if (!weave_on())
        return fclose(f);
    weave_stdio_enter(f, PLACE); /* fclose releases what the closing thread holds */
    if (weave_threads)
        unlock(f);
    int result = fclose(f);
    place_now = 0;
    return result;
}

FILE *__wrap_popen(const char *command, const char *mode)
{
    weave_unsafe("popen", PLACE);
    if (weave_on())
        weave_stop(VERDICT_UNCONTROLLED, "executes_another_program", PLACE, "popen: %s", command);
    return popen(command, mode);
}

int __wrap_system(const char *command)
{
    weave_unsafe("system", PLACE);
    if (weave_on() && command)
        weave_stop(VERDICT_UNCONTROLLED, "executes_another_program", PLACE, "system: %s", command);
    return system(command);
}

/*
 * What the kernel says of a process (warden/proc.c, warden/blocked.c), with texts of a student's in it: names
 * with brackets and ends of lines, paths, arguments of calls. Each file that is read is the input's next
 * part; every reader gets any text.
 */
#include "fuzz.h"

#include <sys/types.h>

static int fuzz_open(const char *path, int flags);
static ssize_t fuzz_read(int fd, void *data, size_t size);
static ssize_t fuzz_pread(int fd, void *data, size_t size, off_t at);
static ssize_t fuzz_readlink(const char *path, char *target, size_t room);
static ssize_t fuzz_read_file(const char *path, char *data, size_t room);

#include "../warden/blocked.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define open      fuzz_open
#define read      fuzz_read
#define pread     fuzz_pread
#define readlink  fuzz_readlink
#define read_file fuzz_read_file
#include "../warden/proc.c"
#undef open

#include "../warden/blocked.c"

enum { NO_FD = 900 }; /* closing it does nothing */

static struct fuzz_input texts;
static bool part_open; /* its end of file comes with the next reading */

/* The next part, as a file gives it that fits into `room`. */
static size_t next_part(void *data, size_t room)
{
    size_t n = fuzz_byte(&texts) | (size_t)(fuzz_byte(&texts) & 15) << 8;
    n = n < texts.size ? n : texts.size;
    n = n < room ? n : room;
    if (n)
        memcpy(data, texts.data, n);
    texts.data += n;
    texts.size -= n;
    return n;
}

static int fuzz_open(const char *path, int flags)
{
    (void)flags;
    FUZZ_CHECK(strncmp(path, "/proc/", 6) == 0 && strlen(path) < 63);
    part_open = true;
    return texts.size ? NO_FD : -1;
}

static ssize_t fuzz_read(int fd, void *data, size_t size)
{
    const bool first = part_open;
    FUZZ_CHECK(fd == NO_FD);
    part_open = false;
    return first ? (ssize_t)next_part(data, size) : 0;
}

static ssize_t fuzz_pread(int fd, void *data, size_t size, off_t at)
{
    (void)at;
    FUZZ_CHECK(fd == NO_FD);
    const size_t n = next_part(data, size);
    memset((char *)data + n, 0xff, size - n);
    return (ssize_t)(n ? size : 0);
}

/* No NUL comes from readlink(2), and none behind it. */
static ssize_t fuzz_readlink(const char *path, char *target, size_t room)
{
    FUZZ_CHECK(strncmp(path, "/proc/", 6) == 0);
    memset(target, '/', room);
    return texts.size ? (ssize_t)next_part(target, room) : -1;
}

static ssize_t fuzz_read_file(const char *path, char *data, size_t room)
{
    FUZZ_CHECK(strncmp(path, "/proc/", 6) == 0 && strlen(path) < 63);
    const size_t n = next_part(data, room - 1);
    data[n] = '\0';
    return (ssize_t)n;
}

/* ---- */

static bool yes(const struct run *r, pid_t tid)
{
    (void)r;
    return tid > 0;
}

static void look(const struct proc_access *a)
{
    static const char *const classes[] = {"any", "read", "write", "idle", "poll", "sleep", "lock"};
    struct buffer said = {0};
    struct blocked b;
    if (!blocked_look(a, getpid(), getpid(), &b))
        return;
    FUZZ_CHECK(b.call && b.fds_count <= ARRAY_SIZE(b.fds));
    for (size_t i = 0; i < b.fds_count; i++)
        FUZZ_CHECK(strlen(b.fds[i].object) < sizeof b.fds[i].object);
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        FUZZ_CHECK(!blocked_matches(&b, classes[i], "") || b.class != BLOCKED_NOT);
    blocked_describe(&b, &said);
    FUZZ_CHECK(said.size && strlen(said.data) == said.size);
    buffer_free(&said);
}

static void read_stat(void)
{
    struct proc_stat st;
    if (!proc_stat(getpid(), &st))
        return;
    FUZZ_CHECK(strlen(st.name) < sizeof st.name);
    fuzz_touch(&st, sizeof st);
}

static void read_map(const struct proc_access *a)
{
    char *text = fuzz_alloc(4097);
    struct mapping m;
    const ssize_t n = proc_maps(a, getpid(), text, 4096);
    FUZZ_CHECK(n <= 4096);
    if (n < 0)
        return;
    FUZZ_CHECK(!n || text[n - 1] == '\n');
    text[n] = '\0';
    for (uint64_t at = 0; at < 8; at++)
        if (proc_mapping(text, at * 0x100000 + 0x1000, &m))
            FUZZ_CHECK(m.start < m.end && strlen(m.path) < sizeof m.path && strlen(m.mode) < sizeof m.mode);
}

static void read_rest(const struct proc_access *a, uint8_t which)
{
    uint64_t one, two;
    pid_t list[8];
    struct proc_syscall sc;
    switch (which % 8) {
    case 0:
        FUZZ_CHECK(proc_tgid(getpid()) >= 0);
        break;
    case 1:
        proc_signals(getpid(), getpid(), &one, &two);
        break;
    case 2:
        proc_pending(getpid(), &one, &two);
        break;
    case 3:
        proc_switches(getpid(), getpid());
        break;
    case 4:
        FUZZ_CHECK(proc_children(getpid(), list, ARRAY_SIZE(list)) <= ARRAY_SIZE(list));
        break;
    case 5:
        FUZZ_CHECK(proc_fd_mode(a, getpid(), 3) <= O_ACCMODE);
        break;
    case 6:
        FUZZ_CHECK(proc_pss(a, getpid()) >= -1);
        break;
    default:
        if (proc_syscall(a, getpid(), getpid(), &sc))
            proc_syscall_pc(&sc);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    texts = (struct fuzz_input){data, size};
    const uint8_t which = fuzz_byte(&texts);
    const struct proc_access a = {.stopped = which & 64 ? yes : NULL, .held = which & 128 ? yes : NULL};
    if (which % 4 == 0)
        look(&a);
    else if (which % 4 == 1)
        read_stat();
    else if (which % 4 == 2)
        read_map(&a);
    else
        read_rest(&a, which >> 2);
    fuzz_forget();
    return 0;
}

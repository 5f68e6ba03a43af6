/*
 * Memory with a name in /dev/shm, memory without one, and files with names of their own making. A name's
 * clock is that of any other name (names.c); what is made new never inherits the cells of what had its number
 * before.
 */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the C library puts it (shm_overview(7), sem_overview(7)). */
static void path_of(const char *name, const char *prefix, char path[PATH_MAX])
{
    while (name && *name == '/')
        name++;
    snprintf(path, PATH_MAX, "/dev/shm/%s%.*s", prefix, NAME_MAX, name ? name : "");
}

static void new_memory(int fd)
{
    weave_key key = weave_key_inode(fd);
    weave_retire(MEMORY_FILE, key.a, key.b);
}

int __wrap_shm_open(const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    if (!weave_on())
        return shm_open(name, flags, mode);
    weave_string(name, PLACE);
    path_of(name, "", path);
    weave_point(OP_SHM_OPEN, weave_name_of(AT_FDCWD, path).key, PLACE);
    struct weave_name entry = weave_name_of(AT_FDCWD, path);
    int fd = shm_open(name, flags, mode);
    if (fd >= 0 && !entry.was_there) {
        weave_name_made(&entry, AT_FDCWD, path, PLACE);
        new_memory(fd);
    } else {
        weave_name_seen(&entry);
    }
    return fd;
}

static void unlinked(const struct weave_name *entry, const char *path, int result, uint32_t place)
{
    int e = errno;
    weave_name_seen(entry);
    if (result == 0) {
        struct weave_object *o = weave_object(entry->key, "name", place);
        weave_release(o);
        weave_wake(o->key);
        weave_removed(CREATED_PATH, 0, path);
    }
    errno = e;
}

int __wrap_shm_unlink(const char *name)
{
    char path[PATH_MAX];
    if (!weave_on())
        return shm_unlink(name);
    weave_string(name, PLACE);
    path_of(name, "", path);
    struct weave_name entry = weave_name_of(AT_FDCWD, path);
    weave_point(OP_UNLINK, entry.key, PLACE);
    int result = shm_unlink(name);
    unlinked(&entry, path, result, PLACE);
    return result;
}

int __wrap_sem_unlink(const char *name)
{
    char path[PATH_MAX];
    if (!weave_on())
        return sem_unlink(name);
    weave_string(name, PLACE);
    path_of(name, "sem.", path);
    struct weave_name entry = weave_name_of(AT_FDCWD, path);
    weave_point(OP_UNLINK, entry.key, PLACE);
    int result = sem_unlink(name);
    unlinked(&entry, path, result, PLACE);
    return result;
}

int __wrap_memfd_create(const char *name, unsigned flags)
{
    if (!weave_on())
        return memfd_create(name, flags);
    weave_string(name, PLACE);
    weave_point(OP_MEMFD_CREATE, (weave_key){.kind = KIND_NONE}, PLACE);
    int fd = memfd_create(name, flags);
    if (fd >= 0)
        new_memory(fd);
    return fd;
}

/* ---- names that the C library makes up: here they follow from what is there already, not from chance */

static bool fill(char *template, int suffix, unsigned number)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    size_t n = strlen(template);
    if (suffix < 0 || n < (size_t)suffix + 6)
        return false;
    char *at = template + n - (size_t)suffix - 6;
    if (number == 0 && strncmp(at, "XXXXXX", 6) != 0)
        return false;
    for (int i = 5; i >= 0; i--, number /= 32)
        at[i] = letters[number % 32];
    return true;
}

static int temporary(char *template, int suffix, int flags, uint32_t place)
{
    weave_range(template, strlen(template) + 1, true, place);
    for (unsigned i = 0; i < 1u << 16; i++) {
        if (!fill(template, suffix, i)) {
            errno = EINVAL;
            return -1;
        }
        if (faccessat(AT_FDCWD, template, F_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        int fd =
            weave_open_at(AT_FDCWD, template, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600, place);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

int __wrap_mkstemp(char *template)
{
    return weave_on() ? temporary(template, 0, 0, PLACE) : mkstemp(template);
}

int __wrap_mkostemp(char *template, int flags)
{
    return weave_on() ? temporary(template, 0, flags, PLACE) : mkostemp(template, flags);
}

int __wrap_mkstemps(char *template, int suffix)
{
    return weave_on() ? temporary(template, suffix, 0, PLACE) : mkstemps(template, suffix);
}

char *__wrap_mkdtemp(char *template)
{
    if (!weave_on())
        return mkdtemp(template);
    weave_range(template, strlen(template) + 1, true, PLACE);
    for (unsigned i = 0; i < 1u << 16; i++) {
        if (!fill(template, 0, i)) {
            errno = EINVAL;
            return NULL;
        }
        struct weave_name entry = weave_name_of(AT_FDCWD, template);
        weave_point(OP_OPEN, entry.key, PLACE);
        if (mkdir(template, 0700) == 0) {
            entry.was_there = false;
            weave_name_made(&entry, AT_FDCWD, template, PLACE);
            return template;
        }
        if (errno != EEXIST)
            return NULL;
    }
    return NULL;
}

FILE *__wrap_tmpfile(void)
{
    FILE *file = tmpfile();
    if (file && weave_on())
        new_memory(fileno(file));
    return file;
}

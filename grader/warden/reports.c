/*
 * Files of the working directory that an entry collects.
 *
 * One that its writer writes until its very end, as valgrind does a report, is taken through the writer's own
 * descriptor, while that stands at its exit_group(2): the program under valgrind has the same uid, and can
 * put another file in the place of that name or change it, before that end or after it. What is found by its
 * name at the end of the entry (leftovers.c) may be anybody's, and is not said to be written by anyone.
 */
#include "run.h"

#include "defences.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAKEN_MAX   256
#define TAKEN_BYTES (32 << 20)

bool reports_wanted(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->e->collect.count; i++)
        if (fnmatch(r->e->collect.list[i], name, FNM_PERIOD) == 0)
            return true;
    return false;
}

bool reports_taken(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->taken_count; i++)
        if (strcmp(r->taken[i], name) == 0)
            return true;
    return false;
}

void reports_free(struct run *r)
{
    for (size_t i = 0; i < r->taken_count; i++)
        free(r->taken[i]);
    free(r->taken);
}

/* Adds what is in the file, or why that is not told. */
void reports_content(const struct run *r, struct buffer *b, int fd)
{
    struct stat st;
    const char *why = NULL;
    if (fd < 0 || fstat(fd, &st) < 0)
        why = "it cannot be opened";
    else if (!S_ISREG(st.st_mode))
        why = "it is no regular file";
    else if (st.st_size > r->e->limits.collect)
        why = "it is too large";
    if (why) {
        json_text(b, "refused", why);
        return;
    }
    char *data = xcalloc((size_t)st.st_size + 1, 1);
    ssize_t n, size = 0;
    while (size < st.st_size && (n = read(fd, data + size, (size_t)(st.st_size - size))) > 0)
        size += n;
    json_int(b, "size", size);
    json_base64(b, "base64", data, (size_t)size);
    free(data);
}

/* The name in the working directory that a descriptor was opened by, if such files are collected. The kernel
 * adds a word where that name is gone, or another file's (proc(5), /proc/PID/fd). */
static bool named(const struct run *r, const char *folder, char *object, const char **name)
{
    static const char deleted[] = " (deleted)";
    const size_t length = strlen(folder), size = strlen(object);
    if (strncmp(object, folder, length) != 0 || object[length] != '/')
        return false;
    *name = object + length + 1;
    if (size > length + sizeof deleted && strcmp(object + size - (sizeof deleted - 1), deleted) == 0)
        object[size - (sizeof deleted - 1)] = '\0';
    return !strchr(*name, '/') && reports_wanted(r, *name);
}

/* Many processes could hold the same large file: of those that no judge asked for, so much is told. */
static bool too_much(struct run *r, pid_t pid, int fd)
{
    struct stat st;
    if (run_process(r, pid))
        return false;
    if (r->taken_count >= TAKEN_MAX || fstat(fd, &st) < 0 || st.st_size > TAKEN_BYTES - r->taken_bytes)
        return true;
    r->taken_bytes += st.st_size;
    return false;
}

static void take(struct run *r, pid_t pid, pid_t tid, int number, const char *name)
{
    struct buffer b = {0};
    char path[64], program[256];
    snprintf(path, sizeof path, "/proc/%d/exe", tid);
    const ssize_t size = proc_link(&r->w->access, path, program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    snprintf(path, sizeof path, "/proc/%d/fd/%d", tid, number);
    leftovers_as_student(r->w, true);
    cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    leftovers_as_student(r->w, false);
    if (fd < 0 || too_much(r, pid, fd))
        return; /* it is looked for by its name, then */
    run_event_begin(r, &b, "file");
    json_text(&b, "name", name);
    json_int(&b, "by", pid);
    json_text(&b, "program", program);
    reports_content(r, &b, fd);
    warden_event(r->w, &b);
    r->taken = xrealloc(r->taken, (r->taken_count + 1) * sizeof *r->taken);
    r->taken[r->taken_count++] = xstrdup(name);
}

/* valgrind keeps its own descriptors above all that the program under it may have: the highest is meant.
 * Looked at through the thread that makes the call: the first one may have ended, and a dead thread holds
 * nothing. */
void reports_take(struct run *r, pid_t pid, pid_t tid)
{
    static struct proc_fd fds[1024];
    static char object[PATH_MAX];
    const char *name;
    if (!defended(DEFENCE_REPORTS) || r->e->kind != ENTRY_TEST || !r->e->collect.count)
        return;
    char *folder = realpath(r->cwd, NULL); /* as the kernel calls it */
    ssize_t n = folder ? proc_fds(&r->w->access, tid, fds, ARRAY_SIZE(fds)) : 0;
    while (n-- > 0)
        if (fds[n].writable && proc_fd_object(&r->w->access, tid, fds[n].number, object, sizeof object) &&
            named(r, folder, object, &name)) {
            take(r, pid, tid, fds[n].number, name);
            break;
        }
    free(folder);
}

/* What the tests of pipeline share: command lines, starting, and what the stages have told of themselves. */
#ifndef STAGING_H
#define STAGING_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "stage.h"
#include "testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- command lines --------------------------------------------------------------------------------------
 */

struct line {
    const char *args[250]; /* NULL-terminated */
    size_t count;
};

static inline void add_word(struct line *l, const char *word)
{
    if (l->count >= sizeof l->args / sizeof *l->args - 1)
        tk_error("the command line is too long");
    l->args[l->count++] = word;
}

/* A stage more, with its arguments, the last of which is NULL. */
#define command(l, ...) add_stage(l, (const char *const[]){__VA_ARGS__})
/* The same for the peer `stage`: what it shall do, and with what. */
#define stage(l, ...) add_stage(l, (const char *const[]){tk_program_path("stage"), __VA_ARGS__})

static inline void add_stage(struct line *l, const char *const *words)
{
    if (l->count > 0)
        add_word(l, "--");
    for (; *words; words++)
        add_word(l, *words);
}

/* A word that was never used before. It lives as long as the test. */
static inline const char *new_token(void)
{
    return tk_string("%016llx", (unsigned long long)tk_random());
}

static inline tk_process *run(const struct line *l, enum tk_end in)
{
    return tk_spawn(&(struct tk_how){.program = "pipeline", .args = l->args, .in = in});
}

static inline bool equal(tk_bytes out, const char *text)
{
    return out.size == strlen(text) && memcmp(out.data, text, out.size) == 0;
}

/* ---- what a stage has told of itself ----------------------------------------------------------------------
 */

struct report {
    int pid, parent;
    size_t count;
    struct tk_fd fds[FDS_MAX];
};

static inline const struct tk_fd *fd_of(const struct report *r, int number)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->fds[i].number == number)
            return &r->fds[i];
    return NULL;
}

static inline bool is_pipe(const struct tk_fd *fd)
{
    return fd && strncmp(fd->object, "pipe:", 5) == 0;
}

static inline bool is_object(const struct tk_fd *fd, const char *object)
{
    return fd && strcmp(fd->object, object) == 0;
}

static inline bool read_fd(struct report *r, const char *line)
{
    struct tk_fd *fd = &r->fds[r->count];
    char mode[4];
    if (r->count == FDS_MAX || sscanf(line, "fd %d %3s %119[^\n]", &fd->number, mode, fd->object) != 3)
        return false;
    fd->readable = strchr(mode, 'r') != NULL;
    fd->writable = strchr(mode, 'w') != NULL;
    r->count++;
    return true;
}

/* The report with that token, wherever it is in `out`. */
static inline bool find_report(tk_bytes out, const char *token, struct report *r)
{
    char head[40];
    const int size = snprintf(head, sizeof head, "stage %s ", token);
    const char *at = memmem(out.data, out.size, head, (size_t)size);
    *r = (struct report){0};
    if (!at || sscanf(at + size, "%d %d", &r->pid, &r->parent) != 2)
        return false;
    while ((at = strchr(at, '\n')) && read_fd(r, at + 1))
        at++;
    return true;
}

/* ---- the mechanism
 * ------------------------------------------------------------------------------------------ */

/* How many programs pipeline and its descendants have executed. */
static inline int64_t executed(tk_process *p)
{
    return (int64_t)tk_calls(p, "exec") - 1; /* the first was pipeline itself */
}

static inline void assert_executed(tk_process *p, int expected)
{
    tk_hint("In each child execvp() with the command's own list of arguments: no system(), no popen(), no "
            "sh, and no second attempt of a child that should have ended.");
    tk_cause("nothing_executed");
    tk_assert(executed(p) > 0 || expected == 0, "no process has executed a program");
    tk_cause("another_program_executed");
    tk_assert_int(executed(p), expected, "the number of programs that were executed");
    tk_cause(NULL);
}

static inline void assert_child(tk_process *p, const struct report *r, const char *name)
{
    tk_hint("fork() first, and execvp() in the branch of the child, where fork() has returned 0.");
    tk_cause("exec_in_parent");
    tk_assert(r->pid != tk_pid(p), "%s runs in the process that was pipeline", name);
    /* or of the supervisor, who takes over what pipeline has left: that it was not waited for is another test
     */
    tk_cause("not_a_child");
    tk_assert(r->parent == tk_pid(p) || r->parent == getppid(),
              "%s (pid %d) is a child of process %d; pipeline is process %d", name, r->pid, r->parent,
              (int)tk_pid(p));
    tk_cause(NULL);
}

/* Its report; fails if it has not come. */
static inline struct report need_report(tk_process *p, tk_bytes out, const char *token, const char *name)
{
    struct report r;
    if (find_report(out, token, &r))
        return r;
    tk_cause(executed(p) == 0 ? "nothing_executed" : NULL);
    tk_hint("What a command writes to its stdout has to come out at the end: execvp() it in a child, with "
            "descriptors 0 and 1 as the handout says.");
    tk_fail("nothing came of what %s writes to its stdout", name);
}

/* ---- how stages are joined
 * ------------------------------------------------------------------------------------ */

static inline const char *stage_name(size_t i)
{
    return tk_string("stage %zu", i + 1);
}

static inline void hint_at_dup2(void)
{
    tk_hint("In the child: dup2(write end, 1) for a stage that has one behind it, dup2(read end, 0) for one "
            "that has one before it. dup2(old, new) makes `new` a copy of `old`.");
}

/* Is `fd`, 0 or 1 of a stage at a joint, an end of a pipe, and the right one? */
static inline void assert_end(const struct tk_fd *fd, bool write, const char *outside, const char *name)
{
    const char *what = write ? "stdout" : "stdin";
    tk_assert(fd, "%s of %s is closed", what, name);
    tk_cause("stage_not_redirected");
    tk_assert(!outside || !is_object(fd, outside), "%s of %s is still that of pipeline", what, name);
    tk_cause("socketpair_instead_of_pipe");
    tk_assert(strncmp(fd->object, "socket:", 7) != 0, "%s of %s is a socket, not a pipe", what, name);
    tk_cause("no_pipe");
    tk_assert(is_pipe(fd), "%s of %s is %s, not a pipe", what, name, fd->object);
    tk_cause("pipe_ends_swapped");
    tk_assert(write ? fd->writable : fd->readable, "%s of %s is the %s end of a pipe", what, name,
              write ? "read" : "write");
    tk_cause(NULL);
}

/* Each stage's stdout and the next one's stdin are one pipe; first and last have `in` and `out` (NULL: not
 * looked at). Right to left: what the last one tells comes out in any case. */
static inline void assert_joined(const struct report *r, size_t count, const char *in, const char *out)
{
    hint_at_dup2();
    for (size_t i = count; i-- > 1;) {
        const struct tk_fd *from = fd_of(&r[i - 1], 1), *to = fd_of(&r[i], 0);
        assert_end(to, false, in, stage_name(i));
        assert_end(from, true, out, stage_name(i - 1));
        tk_cause("stages_not_joined");
        tk_assert(is_object(from, to->object), "stdout of %s is %s, but stdin of %s is %s", stage_name(i - 1),
                  from->object, stage_name(i), to->object);
    }
    tk_cause("standard_descriptor_misplaced");
    tk_assert(!in || is_object(fd_of(&r[0], 0), in), "stdin of stage 1 is not that of pipeline");
    tk_assert(!out || is_object(fd_of(&r[count - 1], 1), out), "stdout of %s is not that of pipeline",
              stage_name(count - 1));
    tk_cause(NULL);
}

#endif

/* What warden sees of a student's process: descriptors, children, calls, flows. Its answers are lines of
 * words; a line that is not as PROTOCOL.md says is the grader's own fault. */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *ask(tk_process *p, enum ctl_op op, const char *what)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = op, .proc = p ? p->proc : -1});
    if (a->error == ESRCH && p) {
        tk_settle(p);
        const struct tk_waiting w = {.p = p, .what = tk_format("a running process, to look at %s", what)};
        tk_fail_early(p, tk_format("%s before the test looked at %s", tk_how_it_is(p), what), &w);
    }
    if (a->error == ENOSYS)
        tk_error("this machine does not let the grader watch system calls, so %s cannot be told", what);
    if (a->error)
        tk_error("the supervisor cannot tell %s: %s", what, strerror(a->error));
    return a->text;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static _Noreturn void bad_line(const char *at)
{
    tk_error("the supervisor's answer has a line that makes no sense: %.80s", at);
}

static void pass_over(const char **at, char c)
{
    if (**at != c)
        bad_line(*at);
    ++*at;
}

/* Copies a percent-encoded word up to `end`, decoded, cut where it is too long. */
static void copy_word(const char **at, char end, char *to, size_t room)
{
    const char *stop = strchr(*at, end);
    if (!stop)
        bad_line(*at);
    char *word = tk_format("%.*s", (int)(stop - *at), *at);
    if (!*word || !tk_decode_word(word))
        bad_line(*at);
    snprintf(to, room, "%s", word);
    *at = stop + 1;
}

/* ---- descriptors -------------------------------------------------------------------------------- */

static void read_mode(const char **at, struct tk_fd *fd)
{
    fd->readable = **at == 'r';
    *at += fd->readable;
    fd->writable = **at == 'w';
    *at += fd->writable;
    if (!fd->readable && !fd->writable)
        bad_line(*at);
}

static struct tk_fds read_fds(const char *at)
{
    size_t room = count_lines(at);
    struct tk_fds fds = {.list = tk_alloc((room + 1) * sizeof *fds.list)};
    while (*at) {
        if (fds.count == room)
            bad_line(at);
        struct tk_fd *fd = &fds.list[fds.count++];
        fd->number = (int)tk_control_number(&at);
        pass_over(&at, ' ');
        read_mode(&at, fd);
        pass_over(&at, ' ');
        copy_word(&at, '\n', fd->object, sizeof fd->object);
    }
    return fds;
}

struct tk_fds tk_fds(tk_process *p)
{
    return read_fds(ask(p, CTL_FDS, "its open descriptors"));
}

struct tk_fds tk_fds_of(pid_t pid)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = CTL_FDS, .proc = -1, .arg = pid});
    if (a->error && a->error != ESRCH)
        tk_error("the supervisor cannot tell the open descriptors of process %d: %s", (int)pid,
                 strerror(a->error));
    return read_fds(a->error ? "" : a->text);
}

static bool was_open(struct tk_fds before, const struct tk_fd *fd)
{
    for (size_t i = 0; i < before.count; i++)
        if (before.list[i].number == fd->number && strcmp(before.list[i].object, fd->object) == 0)
            return true;
    return false;
}

static void list_fd(struct tk_text *t, const struct tk_fd *fd)
{
    const char *mode = fd->readable ? fd->writable ? "reading and writing" : "reading" : "writing";
    tk_text_print(t, "%sfd %d (%s, for %s)", t->size ? ", " : "", fd->number, fd->object, mode);
}

/* The supervisor saw where it was opened. Where it did not, the failure stands all the same. */
static void tell_left_open(tk_process *p, struct tk_fds before, struct tk_fds now)
{
    for (size_t i = 0; i < now.count; i++) {
        if (was_open(before, &now.list[i]))
            continue;
        tk_control_ask(&(struct tk_request){
            .op = CTL_LEFT, .proc = p->proc, .text = tk_format("fd %d", now.list[i].number)});
        return;
    }
}

void tk_assert_no_new_fd_at(const char *file, int line, struct tk_fds before, tk_process *p, const char *what)
{
    struct tk_fds now = tk_fds(p);
    struct tk_text list = {0};
    size_t count = 0;
    for (size_t i = 0; i < now.count; i++) {
        if (was_open(before, &now.list[i]))
            continue;
        list_fd(&list, &now.list[i]);
        count++;
    }
    if (!count)
        return;
    struct tk_failure f = {.file = file, .line = line, .kind = "fd_leak"};
    if (!tk_judge()->cause) {
        f.cause = "descriptor_left_open";
        tell_left_open(p, before, now);
    }
    f.message =
        tk_format("%s: %zu descriptor%s left open: %s", what, count, count == 1 ? " is" : "s are", list.data);
    tk_json_int(&f.expected, 0);
    tk_json_string(&f.actual, list.data, list.size, TK_EXCERPT);
    tk_fail_with(&f);
}

/* ---- children ----------------------------------------------------------------------------------- */

struct tk_children tk_children(tk_process *p)
{
    const char *at = ask(p, CTL_CHILDREN, "its children");
    size_t room = count_lines(at);
    struct tk_children children = {.list = tk_alloc((room + 1) * sizeof *children.list)};
    while (*at) {
        if (children.count == room)
            bad_line(at);
        struct tk_child *c = &children.list[children.count++];
        c->pid = (pid_t)tk_control_number(&at);
        pass_over(&at, ' ');
        c->state = *at;
        if (*at)
            at++;
        pass_over(&at, ' ');
        copy_word(&at, '\n', c->name, sizeof c->name);
    }
    return children;
}

void tk_assert_no_child_at(const char *file, int line, tk_process *p, const char *when)
{
    struct tk_children children = tk_children(p);
    if (!children.count)
        return;
    const struct tk_child *c = &children.list[0];
    tk_control_ask(
        &(struct tk_request){.op = CTL_LEFT, .proc = p->proc, .text = tk_format("child %d", (int)c->pid)});
    struct tk_failure f = {.file = file, .line = line, .kind = "zombie", .cause = "child_never_waited"};
    f.message = tk_format("%s has a child, process %d (%s), after %s", p->program, (int)c->pid,
                          c->state == 'Z' ? "a zombie" : "still running", when);
    tk_fail_with(&f);
}

/* ---- calls and flows ---------------------------------------------------------------------------- */

uint64_t tk_calls(tk_process *p, const char *call)
{
    const char *at = ask(p, CTL_CALLS, "which system calls were made");
    uint64_t sum = 0;
    while (*at) {
        char name[32];
        tk_control_number(&at);
        pass_over(&at, ' ');
        copy_word(&at, ' ', name, sizeof name);
        int64_t count = tk_control_number(&at);
        pass_over(&at, '\n');
        if (count < 0)
            bad_line(at);
        if (strcmp(name, call) == 0)
            sum += (uint64_t)count;
    }
    return sum;
}

struct tk_flows tk_flows(tk_process *p)
{
    const char *at = ask(p, CTL_FLOWS, "who read and wrote what");
    size_t room = count_lines(at);
    struct tk_flows flows = {.list = tk_alloc((room + 1) * sizeof *flows.list)};
    while (*at) {
        if (flows.count == room)
            bad_line(at);
        struct tk_flow *f = &flows.list[flows.count++];
        char direction[8];
        f->pid = (pid_t)tk_control_number(&at);
        pass_over(&at, ' ');
        copy_word(&at, ' ', direction, sizeof direction);
        f->write = strcmp(direction, "write") == 0;
        if (!f->write && strcmp(direction, "read") != 0)
            bad_line(direction);
        copy_word(&at, '\n', f->object, sizeof f->object);
    }
    return flows;
}

void tk_blame_closed(pid_t pid)
{
    tk_control_ask(&(struct tk_request){.op = CTL_LEFT, .proc = 0, .text = tk_format("closed %d", (int)pid)});
}

void tk_blame_open(pid_t pid, int fd)
{
    tk_control_ask(
        &(struct tk_request){.op = CTL_LEFT, .proc = 0, .text = tk_format("fd %d %d", fd, (int)pid)});
}

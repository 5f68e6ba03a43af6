/* Telling what the post-mortem found: as a finding, and as a sentence for the judge. */
#include "cause.h"

#include <string.h>

/* "is blocked in sem_wait for the semaphore /items, whose value is 0" */
static void describe_wait(const struct person *p, struct buffer *b)
{
    blocked_describe(&p->look, b);
    if (p->wait.object[0] && p->look.class != BLOCKED_NOT)
        buffer_print(b, " for %s", p->wait.object);
    const pid_t itself = p->look.tid ? p->look.tid : p->pid;
    if (p->wait.thread == itself && p->stat.threads > 1)
        buffer_print(b, "; it has it itself");
    else if (p->wait.thread && p->wait.holder == p->stat.pid && p->stat.threads > 1)
        buffer_print(b, "; thread %d has it", p->wait.thread);
    else if (p->wait.holder_gone)
        buffer_print(b, "; process %d had it and has ended", p->wait.holder);
    else if (p->wait.holder)
        buffer_print(b, "; process %d has it", p->wait.holder);
}

/* "process 7 (philosopher) waits in sem_wait for …", or "… in read(fd 3) on pipe:[812], whose write end is
 * open in process 8, fd 4": in the next one of the circle. */
static void describe_link(const struct cause *c, size_t i, struct buffer *b)
{
    const struct person *p = c->cycle[i], *next = c->cycle[(i + 1) % c->cycle_count];
    buffer_print(b, p->is_thread ? "thread %d of %s waits in %s" : "process %d (%s) waits in %s", p->pid,
                 p->role, p->look.call);
    if (p->wait.object[0]) {
        buffer_print(b, " for %s", p->wait.object);
        if (p->is_thread && p->wait.thread)
            buffer_print(b, ", which thread %d has", p->wait.thread);
        return;
    }
    if (!p->look.fds_count)
        return;
    const struct blocked_fd *on = &p->look.fds[0];
    const struct proc_fd *end = scene_end(next->fds, next->fds_count, on->object, !on->write);
    buffer_print(b, "(fd %d) on %s", on->fd, on->object);
    if (end)
        buffer_print(b, ", whose %s end is open in process %d, fd %d", on->write ? "read" : "write",
                     next->pid, end->number);
}

static void describe_cycle(const struct cause *c, struct buffer *b)
{
    for (size_t i = 0; i < c->cycle_count; i++) {
        if (i)
            buffer_print(b, ", ");
        describe_link(c, i, b);
    }
}

/* The first ones each as an argument of its own: a sentence cuts an argument that is long. */
static const char *const link_names[] = {"first", "second", "third"};
static const char *const link_places[] = {"first_made", "second_made", "third_made"};

static void tell_cycle(const struct cause *c, struct buffer *b)
{
    struct buffer text = {0};
    describe_cycle(c, &text);
    json_text(b, "cycle", text.data);
    if (c->cycle[0]->is_thread)
        json_text(b, "kin", "Threads");
    json_int(b, "length", (int64_t)c->cycle_count);
    buffer_free(&text);
    for (size_t i = 0; i < c->cycle_count && i < ARRAY_SIZE(link_names); i++) {
        describe_link(c, i, &text);
        json_text(b, link_names[i], text.data);
        buffer_free(&text);
    }
    if (c->cycle_count > ARRAY_SIZE(link_names))
        json_int(b, "more", (int64_t)(c->cycle_count - ARRAY_SIZE(link_names)));
}

/* Where the things were made that the circle's processes wait on. */
static void tell_cycle_places(struct run *r, const struct cause *c, struct buffer *b)
{
    for (size_t i = 0; i < c->cycle_count && i < ARRAY_SIZE(link_places); i++) {
        const struct person *p = c->cycle[i];
        const char *object = p->look.fds_count ? p->look.fds[0].object : log_text(r, p->wait.key);
        const struct maker *made = *object ? objects_maker(r, object) : NULL;
        if (made)
            json_site(r, b, link_places[i], made->site);
    }
}

void cause_describe(const struct person *p, struct buffer *b)
{
    buffer_print(b, "%s (pid %d) ", p->role, p->pid);
    describe_wait(p, b);
}

/* Where what the sentence speaks of was made: the pipe, the descriptor that should have been closed. */
static void tell_places(struct run *r, const struct cause *c, struct buffer *b)
{
    const char *object = c->on ? c->on->object : c->who ? log_text(r, c->who->wait.key) : "";
    const struct maker *made = *object ? objects_maker(r, object) : NULL;
    json_open(b, "places", '{');
    if (made)
        json_site(r, b, "made", made->site);
    if (c->on && c->other && c->other_fd >= 0) {
        const site_id site = descriptors_site(r, c->other->pid, c->other_fd, c->on->object);
        if (!made || site != made->site)
            json_site(r, b, "holder_made", site);
    }
    if (c->signal)
        json_site(r, b, "came", c->came);
    tell_cycle_places(r, c, b);
    json_close(b, '}');
}

/* Whose place is worth a stop: who is to blame, and who started it, if it runs somebody else's program. A
 * judge waits for the answer, so not everybody's is. */
static bool is_asked(const struct cause *c, const struct person *p)
{
    return p->stat.threads == 1 && p->look.class != BLOCKED_HELD &&
           (c->who == p || (c->runs && c->who->stat.ppid == p->pid));
}

/* Where a process is. Who waits is where it was seen, unless it has been woken meanwhile: then the stack is
 * that of another call. Such a one, and who runs anyway, is asked to stop for a moment. */
static site_id where_is(struct run *r, const struct cause *c, const struct person *p)
{
    const struct proc_syscall *seen = &p->look.raw;
    struct proc_syscall now;
    if (seen->sp && !(c->runs && c->who == p)) {
        const site_id site = sites_take_for_finding(r, scene_thread(p), proc_syscall_pc(seen), seen->sp);
        if (proc_syscall(&r->w->access, p->pid, p->look.tid, &now) && now.number == seen->number &&
            now.sp == seen->sp && now.pc == seen->pc)
            return site;
    }
    return is_asked(c, p) ? witness_where(r, p->pid) : 0;
}

static void tell_person(struct run *r, const struct cause *c, const struct person *p, struct buffer *b)
{
    struct buffer doing = {0};
    char state[2] = {p->stat.state, '\0'}, role[sizeof p->role + 16];
    describe_wait(p, &doing);
    json_open(b, NULL, '{');
    json_int(b, "pid", p->pid);
    snprintf(role, sizeof role, p->is_thread ? "a thread of %s" : "%s", p->role);
    json_text(b, "role", role);
    json_text(b, "state", state);
    json_text(b, "doing", doing.data);
    json_site(r, b, "site", where_is(r, c, p));
    json_close(b, '}');
    buffer_free(&doing);
}

void cause_emit(struct run *r, const struct scene *s, const struct cause *c)
{
    struct buffer b = {0};
    char signal[32];
    run_finding_begin(r, &b, c->kind, c->slug);
    if (c->who) {
        json_int(&b, "pid", c->who->pid);
        json_text(&b, "role", c->who->role);
        if (c->who->is_thread)
            json_text(&b, "thread_of", c->who->role);
        if (c->who->look.class != BLOCKED_NOT)
            json_text(&b, "call", c->who->look.call);
    }
    if (c->runs)
        json_int(&b, "parent_pid", c->who->stat.ppid);
    if (c->child) {
        json_int(&b, "child_pid", c->child->pid);
        json_text(&b, "child_call", c->child->look.call);
    }
    if (c->on) {
        json_int(&b, "fd", c->on->fd);
        json_text(&b, "object", c->on->object);
    }
    if (c->other) {
        json_int(&b, "holder_pid", c->other->pid);
        json_text(&b, "holder", c->other->role);
    }
    if (c->other_fd >= 0)
        json_int(&b, "holder_fd", c->other_fd);
    if (c->who && c->who->wait.object[0] && !c->on)
        json_text(&b, "object", c->who->wait.object);
    if (c->who && c->who->wait.holder && c->who->wait.holder != c->who->pid && !c->other)
        json_int(&b, "holder_pid", c->who->wait.holder);
    if (c->cycle_count)
        tell_cycle(c, &b);
    if (c->signal)
        json_text(&b, "signal", run_signal_name(c->signal, signal, sizeof signal));
    json_close(&b, '}');
    tell_places(r, c, &b);
    json_open(&b, "processes", '[');
    const bool threads = c->who && c->who->is_thread;
    for (size_t i = 0; i < s->count; i++)
        if (!threads || s->people[i].pid != c->who->stat.pid)
            tell_person(r, c, &s->people[i], &b);
    for (size_t i = 0; threads && i < s->knot_count; i++)
        tell_person(r, c, &s->knot[i], &b);
    json_close(&b, ']');
    warden_event(r->w, &b);
}

void cause_summarise(const struct cause *c, struct verdict *v)
{
    struct buffer text = {0};
    if (c->cycle_count)
        describe_cycle(c, &text);
    else if (c->who)
        cause_describe(c->who, &text);
    else
        buffer_print(&text, "every process has ended");
    if (c->other_fd >= 0)
        buffer_print(&text, ", while %s (pid %d) still has fd %d open",
                     c->other == c->who ? "the same process" : c->other->role, c->other->pid, c->other_fd);
    v->kind = c->kind;
    v->cause = c->slug;
    snprintf(v->sentence, sizeof v->sentence, "%s", text.data);
    for (char *p = v->sentence; *p; p++)
        if (*p == '\n')
            *p = ' '; /* a process may have any name */
    buffer_free(&text);
}

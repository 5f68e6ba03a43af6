/*
 * Why does it not go on? Looks at every process of a test: what it is blocked in, and who holds the
 * other end. The rules are tried from the surest to the vaguest; the first that fits names the cause.
 *
 * Causes (texts and hints: ipclab/catalogue.toml):
 *   deadlock   write_end_kept_by_reader, write_end_kept_by_waiting_parent, write_end_kept_by_other,
 *              read_end_kept_by_writer, wait_before_drain, wait_in_a_circle
 *   hang       waits_for_input, waits_for_reader, waits_for_child, waits_for_lock, waits_for_signal,
 *              waits_for_partner, stopped, blocked, all_ended
 *   busy_wait  spins           timeout  sleeping, still_running
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEOPLE_MAX 64
#define SPIN_NS    (1000 * NS_PER_MS)
#define ENDS_MAX   64

struct person { /* a live process */
    pid_t pid;
    bool is_main;
    char role[160];
    struct blocked look;
    struct proc_stat stat;
    ssize_t fds_count;
    struct proc_fd fds[ENDS_MAX];
};

struct scene {
    struct run *r;
    size_t count;
    struct person people[PEOPLE_MAX];
    struct proc_fd judge_fds[256];
    ssize_t judge_fds_count;
};

/* What a rule found. */
struct cause {
    const char *kind, *slug;
    const struct person *who, *other; /* who waits, and who could end it by letting go of other_fd */
    const struct blocked_fd *on;
    int other_fd;               /* the descriptor that should have been closed; -1 none */
    const struct person *child; /* whom `who` waits for */
};

static void look_around(struct scene *s, struct run *r)
{
    pid_t tree[PEOPLE_MAX];
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree));
    s->r = r;
    for (size_t i = 0; i < n; i++) {
        struct person *p = &s->people[s->count];
        *p = (struct person){.pid = tree[i]};
        if (!proc_stat(tree[i], &p->stat) || !blocked_look_process(&r->w->access, tree[i], &p->look))
            continue; /* ended */
        struct process *known = run_process(r, tree[i]);
        p->is_main = known && !known->ended;
        run_role(r, tree[i], p->role, sizeof p->role);
        p->fds_count = proc_fds(&r->w->access, tree[i], p->fds, ENDS_MAX);
        s->count++;
    }
    struct proc_access judge = r->w->access;
    judge.student = r->w->plan.judge;
    s->judge_fds_count =
        r->judge_gone ? -1 : proc_fds(&judge, r->judge, s->judge_fds, ARRAY_SIZE(s->judge_fds));
}

static const struct proc_fd *end_of(const struct proc_fd *list, ssize_t count, const char *object, bool write)
{
    for (ssize_t i = 0; i < count; i++)
        if (strcmp(list[i].object, object) == 0 && (write ? list[i].writable : list[i].readable))
            return &list[i];
    return NULL;
}

static bool judge_holds(const struct scene *s, const char *object, bool write)
{
    return end_of(s->judge_fds, s->judge_fds_count, object, write);
}

static bool is_pipe(const char *object)
{
    return strncmp(object, "pipe:", 5) == 0 || *object == '/';
}

/* The pipe that a process waits on in that direction; NULL if it waits for something else. */
static const struct blocked_fd *waits_on(const struct person *p, bool write)
{
    enum blocked_class class = write ? BLOCKED_WRITE : BLOCKED_READ;
    if (p->look.class != class && p->look.class != BLOCKED_POLL)
        return NULL;
    for (size_t i = 0; i < p->look.fds_count; i++)
        if (p->look.fds[i].write == write && is_pipe(p->look.fds[i].object))
            return &p->look.fds[i];
    return NULL;
}

/* Another process that holds the wanted end, preferably one that waits for a child. */
static const struct person *holder(const struct scene *s, const struct person *but, const char *object,
                                   bool write, const struct proc_fd **end)
{
    const struct person *found = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct proc_fd *e = p == but ? NULL : end_of(p->fds, p->fds_count, object, write);
        if (e && (!found || p->look.class == BLOCKED_WAIT)) {
            found = p;
            *end = e;
        }
    }
    return found;
}

/* A reader that waits for end-of-file which cannot come. */
static bool rule_reader(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct blocked_fd *on = waits_on(p, false);
        if (!on || judge_holds(s, on->object, true))
            continue;
        const struct proc_fd *own = end_of(p->fds, p->fds_count, on->object, true), *end = NULL;
        const struct person *other = holder(s, p, on->object, true, &end);
        /* Somebody else who may still write, and does not wait for us, is not at fault yet. */
        bool other_could_write = other && other->look.class != BLOCKED_WAIT && !waits_on(other, false);
        if (other_could_write)
            continue;
        if (own && !other) {
            *c = (struct cause){"deadlock", "write_end_kept_by_reader", p, p, on, own->number, NULL};
            return true;
        }
        if (other && other->look.class == BLOCKED_WAIT) {
            *c = (struct cause){"deadlock", "write_end_kept_by_waiting_parent", p, other, on, end->number,
                                NULL};
            return true;
        }
        /* All holders read from this very pipe: each keeps the others from end-of-file. */
        const struct blocked_fd *others = other ? waits_on(other, false) : NULL;
        if (others && strcmp(others->object, on->object) == 0) {
            bool self = own != NULL;
            *c = (struct cause){"deadlock", self ? "write_end_kept_by_reader" : "write_end_kept_by_other",
                                p,          self ? p : other,
                                on,         self ? own->number : end->number,
                                NULL};
            return true;
        }
    }
    return false;
}

/* A writer whose pipe is full and will not be emptied. */
static bool rule_writer(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct blocked_fd *on = waits_on(p, true);
        if (!on || judge_holds(s, on->object, false))
            continue;
        const struct proc_fd *own = end_of(p->fds, p->fds_count, on->object, false), *end = NULL;
        const struct person *other = holder(s, p, on->object, false, &end);
        if (other && other->look.class == BLOCKED_WAIT) {
            *c = (struct cause){"deadlock", "wait_before_drain", other, NULL, on, -1, p};
            return true;
        }
        if (own && !other) {
            *c = (struct cause){"deadlock", "read_end_kept_by_writer", p, p, on, own->number, NULL};
            return true;
        }
        const struct blocked_fd *others = other ? waits_on(other, true) : NULL;
        if (others && strcmp(others->object, on->object) == 0) {
            *c = (struct cause){"deadlock", "read_end_kept_by_other", p, other, on, end->number, NULL};
            return true;
        }
    }
    return false;
}

/* Two processes that wait for each other's data, each with an end of the other's pipe. */
static bool rule_circle(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct blocked_fd *on = waits_on(p, false);
        const struct proc_fd *end = NULL;
        const struct person *other =
            on && !judge_holds(s, on->object, true) ? holder(s, p, on->object, true, &end) : NULL;
        const struct blocked_fd *back = other ? waits_on(other, false) : NULL;
        if (back && strcmp(back->object, on->object) != 0 &&
            end_of(p->fds, p->fds_count, back->object, true) && !judge_holds(s, back->object, true)) {
            *c = (struct cause){"deadlock", "wait_in_a_circle", p, other, on, -1, NULL};
            return true;
        }
    }
    return false;
}

static bool rule_judge(const struct scene *s, struct cause *c)
{
    for (int write = 0; write < 2; write++) {
        for (size_t i = 0; i < s->count; i++) {
            const struct person *p = &s->people[i];
            const struct blocked_fd *on = waits_on(p, write);
            if (on && judge_holds(s, on->object, !write)) {
                *c = (struct cause){"hang", write ? "waits_for_reader" : "waits_for_input", p, NULL, on, -1,
                                    NULL};
                return true;
            }
        }
    }
    return false;
}

static const struct person *child_of(const struct scene *s, const struct person *p)
{
    for (size_t i = 0; p->look.class == BLOCKED_WAIT && i < s->count; i++)
        if (s->people[i].stat.ppid == p->pid)
            return &s->people[i];
    return NULL;
}

static bool rule_class(const struct scene *s, struct cause *c)
{
    static const struct {
        enum blocked_class class;
        const char *kind, *slug;
    } rules[] = {
        {BLOCKED_STOPPED, "hang", "stopped"},
        {BLOCKED_LOCK, "hang", "waits_for_lock"},
        {BLOCKED_SIGNAL, "hang", "waits_for_signal"},
        {BLOCKED_OPEN, "hang", "waits_for_partner"},
        {BLOCKED_READ, "hang", "blocked"},
        {BLOCKED_WRITE, "hang", "blocked"},
        {BLOCKED_POLL, "hang", "blocked"},
        {BLOCKED_SLEEP, "timeout", "sleeping"},
        {BLOCKED_WAIT, "hang", "waits_for_child"},
        {BLOCKED_OTHER, "hang", "blocked"},
    };
    for (size_t k = 0; k < ARRAY_SIZE(rules); k++) {
        for (size_t i = 0; i < s->count; i++) {
            const struct person *p = &s->people[i];
            if (p->look.class != rules[k].class)
                continue;
            const struct blocked_fd *on = p->look.fds_count ? &p->look.fds[0] : NULL;
            *c = (struct cause){rules[k].kind, rules[k].slug, p, NULL, on, -1, child_of(s, p)};
            return true;
        }
    }
    return false;
}

/* Does it compute? Measured on its own clock, since on a loaded machine it may get little of a second: two
 * ticks of CPU time within SPIN_NS are a loop, fewer are a process that just happened to run. */
static bool computes(const struct person *p)
{
    const int64_t until = now_ns() + SPIN_NS;
    struct proc_stat later;
    while (now_ns() < until) {
        struct timespec pause = {0, 10 * NS_PER_MS}; /* a measurement: nobody waits for an event here */
        nanosleep(&pause, NULL);
        if (!proc_stat(p->pid, &later) || later.start != p->stat.start)
            return false;
        if (later.cpu_ticks > p->stat.cpu_ticks + 1)
            return true;
    }
    return false;
}

static bool rule_running(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        if (p->look.class != BLOCKED_NOT)
            continue;
        bool spins = computes(p);
        *c = (struct cause){
            spins ? "busy_wait" : "timeout", spins ? "spins" : "still_running", p, NULL, NULL, -1, NULL};
        return true;
    }
    return false;
}

static void find_cause(const struct scene *s, struct cause *c)
{
    static bool (*const rules[])(const struct scene *, struct cause *) = {
        rule_reader, rule_writer, rule_circle, rule_running, rule_judge, rule_class};
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (rules[i](s, c))
            return;
    *c = (struct cause){"hang", "all_ended", NULL, NULL, NULL, -1, NULL};
}

/* ---- telling it ----------------------------------------------------------------------------------- */

static void describe(const struct person *p, struct buffer *b)
{
    buffer_print(b, "%s (pid %d) ", p->role, p->pid);
    blocked_describe(&p->look, b);
}

static void emit(struct run *r, const struct scene *s, const struct cause *c)
{
    struct buffer b = {0};
    run_finding_begin(r, &b, c->kind, c->slug);
    if (c->who) {
        json_int(&b, "pid", c->who->pid);
        json_text(&b, "role", c->who->role);
        if (c->who->look.class != BLOCKED_NOT)
            json_text(&b, "call", c->who->look.call);
    }
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
    json_close(&b, '}');
    json_open(&b, "processes", '[');
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        struct buffer doing = {0};
        blocked_describe(&p->look, &doing);
        char state[2] = {p->stat.state, '\0'};
        json_open(&b, NULL, '{');
        json_int(&b, "pid", p->pid);
        json_text(&b, "role", p->role);
        json_text(&b, "state", state);
        json_text(&b, "doing", doing.data);
        struct picture picture;
        const struct proc_syscall *raw = &p->look.raw;
        if (raw->sp && picture_take(&r->w->access, p->pid, raw->pc, raw->sp, &picture)) {
            picture_frames(r, &picture, &b);
            picture_free(&picture);
        }
        json_close(&b, '}');
        buffer_free(&doing);
    }
    json_close(&b, ']');
    warden_event(r->w, &b);
}

void postmortem(struct run *r, struct verdict *v)
{
    struct scene *s = xcalloc(1, sizeof *s);
    struct cause c;
    struct buffer text = {0};
    look_around(s, r);
    find_cause(s, &c);
    emit(r, s, &c);
    if (c.who)
        describe(c.who, &text);
    else
        buffer_print(&text, "every process has ended");
    if (c.other_fd >= 0)
        buffer_print(&text, ", while %s (pid %d) still has fd %d open",
                     c.other == c.who ? "the same process" : c.other->role, c.other->pid, c.other_fd);
    v->kind = c.kind;
    v->cause = c.slug;
    snprintf(v->sentence, sizeof v->sentence, "%s", text.data);
    for (char *p = v->sentence; *p; p++)
        if (*p == '\n')
            *p = ' '; /* a process may have any name */
    buffer_free(&text);
    free(s);
}

void postmortem_state(struct run *r, struct buffer *b)
{
    struct scene *s = xcalloc(1, sizeof *s);
    look_around(s, r);
    for (size_t i = 0; i < s->count; i++) {
        describe(&s->people[i], b);
        buffer_add(b, "\n", 1);
    }
    free(s);
}

/*
 * Why does it not go on? Looks at the processes of a test and what each waits for (scene.h). The rules are
 * tried from the surest to the vaguest; the first that fits names the cause. A peer (a program of the kit's)
 * is never the one who waits for ever: it does what the judge tells it, so it is taken for one that can go
 * on.
 *
 * Causes (texts and hints: ipclab/catalogue.d/waiting.toml):
 *
 * - deadlock: write_end_kept_by_reader, write_end_kept_by_waiting_parent, write_end_kept_by_other,
 *   read_end_kept_by_writer, read_end_kept_by_waiting_parent, read_end_kept_by_other, wait_before_drain,
 *   wait_in_a_circle, wait_in_a_cycle, lock_taken_twice
 *
 * - hang: lock_not_shared, lock_not_process_shared, lock_holder_gone, waits_for_input, waits_for_reader,
 *   waits_for_child, waits_for_lock, waits_for_message, waits_for_room, waits_for_client, waits_for_signal,
 *   peer_sends_nothing, peer_does_not_read, waits_for_server (texts: catalogue.d/sockets.toml),
 *   signal_lost, signal_blocked, handler_reaps_too_few, waits_for_partner, stopped, blocked, all_ended
 *
 * - busy_wait: spins
 *
 * - timeout: sleeping, still_running
 */
#include "cause.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SPIN_NS (1000 * NS_PER_MS)

static bool is_pipe(const char *object)
{
    return strncmp(object, "pipe:", 5) == 0 || *object == '/';
}

/* The pipe that a process waits on in that direction; NULL if it waits for something else. */
static const struct blocked_fd *waits_on(const struct person *p, bool write)
{
    enum blocked_class class = write ? BLOCKED_WRITE : BLOCKED_READ;
    if (p->is_peer || (p->look.class != class && p->look.class != BLOCKED_POLL))
        return NULL;
    for (size_t i = 0; i < p->look.fds_count; i++)
        if (p->look.fds[i].write == write && is_pipe(p->look.fds[i].object))
            return &p->look.fds[i];
    return NULL;
}

/* Does `parent` wait for the end of just this child, or of any? */
static bool awaits(const struct person *parent, const struct person *child)
{
    return parent->look.class == BLOCKED_WAIT && child->stat.ppid == parent->pid &&
           (parent->wait.child <= 0 || parent->wait.child == child->pid);
}

/* Another process that holds the wanted end, preferably one that waits for `but`, its child. */
static const struct person *holder(const struct scene *s, const struct person *but, const char *object,
                                   bool write, const struct proc_fd **end)
{
    const struct person *found = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct proc_fd *e = p == but ? NULL : scene_end(p->fds, p->fds_count, object, write);
        if (e && (!found || awaits(p, but))) {
            found = p;
            *end = e;
        }
    }
    return found;
}

/* Does a program that was executed have both ends of a pipe, neither as stdin nor stdout? Nobody has told it
 * of them: whoever executed it has forgotten to close them. */
static bool is_left_over(const struct scene *s, const struct person *p, const char *object)
{
    const struct proc_fd *to = scene_end(p->fds, p->fds_count, object, true),
                         *from = scene_end(p->fds, p->fds_count, object, false);
    return !p->is_main && log_last(s->r, p->pid, CALL_EXEC) && to && to->number > 2 && from &&
           from->number > 2;
}

/* A reader that waits for end-of-file which cannot come. */
static bool rule_reader(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct blocked_fd *on = waits_on(p, false);
        if (!on || scene_judge_holds(s, on->object, true) || run_is_outside(s->r, on->object))
            continue;
        const struct proc_fd *own = scene_end(p->fds, p->fds_count, on->object, true), *end = NULL;
        const struct person *other = holder(s, p, on->object, true, &end);
        /* A server keeps a write end of its own FIFO on purpose: it waits for the next client, and for no
         * end-of-file. */
        if (own && *on->object == '/')
            continue;
        /* Somebody else who may still write, and does not wait for us, is not at fault yet. */
        bool other_could_write = other && !awaits(other, p) && !waits_on(other, false);
        if (other_could_write)
            continue;
        if (own && !other) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "write_end_kept_by_reader",
                                .who = p,
                                .other = p,
                                .on = on,
                                .other_fd = own->number};
            return true;
        }
        if (other && awaits(other, p)) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "write_end_kept_by_waiting_parent",
                                .who = p,
                                .other = other,
                                .on = on,
                                .other_fd = end->number};
            return true;
        }
        const struct blocked_fd *others = other ? waits_on(other, false) : NULL;
        if (others && !own && is_left_over(s, other, on->object)) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "write_end_kept_by_other",
                                .who = p,
                                .other = other,
                                .on = on,
                                .other_fd = end->number};
            return true;
        }
        /* All holders read from this very pipe: each keeps the others from end-of-file. */
        if (others && strcmp(others->object, on->object) == 0) {
            bool self = own != NULL;
            *c = (struct cause){.kind = "deadlock",
                                .slug = self ? "write_end_kept_by_reader" : "write_end_kept_by_other",
                                .who = p,
                                .other = self ? p : other,
                                .on = on,
                                .other_fd = self ? own->number : end->number};
            return true;
        }
    }
    return false;
}

/* Has the parent that waits made another child since it made the pipe, who was to read? It does not any more,
 * as nobody else who lives has the read end. */
static bool had_another_reader(const struct scene *s, const struct person *parent,
                               const struct person *writer, const char *object)
{
    const struct log *l = &s->r->log;
    bool made = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        if (p != parent && p != writer && scene_end(p->fds, p->fds_count, object, false))
            return false;
    }
    for (size_t k = 0; k < l->count && !l->dropped; k++) {
        const struct log_entry *e = &l->entries[k];
        made |= e->kind == CALL_PIPE && strcmp(log_text(s->r, e->object), object) == 0;
        if (made && e->kind == CALL_FORK && e->pid == parent->pid && e->other != writer->pid)
            return true;
    }
    return false;
}

/* A writer whose pipe is full and will not be emptied. */
static bool rule_writer(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const struct blocked_fd *on = waits_on(p, true);
        if (!on || scene_judge_holds(s, on->object, false) || run_is_outside(s->r, on->object))
            continue;
        const struct proc_fd *own = scene_end(p->fds, p->fds_count, on->object, false), *end = NULL;
        const struct person *other = holder(s, p, on->object, false, &end);
        if (other && other->pid == p->stat.ppid && other->look.class == BLOCKED_WAIT && !own &&
            had_another_reader(s, other, p, on->object)) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "read_end_kept_by_waiting_parent",
                                .who = p,
                                .other = other,
                                .on = on,
                                .other_fd = end->number};
            return true;
        }
        if (other && other->look.class == BLOCKED_WAIT) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "wait_before_drain",
                                .who = other,
                                .on = on,
                                .other_fd = -1,
                                .child = p};
            return true;
        }
        if (own && !other) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "read_end_kept_by_writer",
                                .who = p,
                                .other = p,
                                .on = on,
                                .other_fd = own->number};
            return true;
        }
        const struct blocked_fd *others = other ? waits_on(other, true) : NULL;
        if (others && strcmp(others->object, on->object) == 0) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "read_end_kept_by_other",
                                .who = p,
                                .other = other,
                                .on = on,
                                .other_fd = end->number};
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
            on && !scene_judge_holds(s, on->object, true) ? holder(s, p, on->object, true, &end) : NULL;
        const struct blocked_fd *back = other ? waits_on(other, false) : NULL;
        if (back && strcmp(back->object, on->object) != 0 &&
            scene_end(p->fds, p->fds_count, back->object, true) &&
            !scene_judge_holds(s, back->object, true)) {
            *c = (struct cause){.kind = "deadlock",
                                .slug = "wait_in_a_circle",
                                .who = p,
                                .other = other,
                                .on = on,
                                .other_fd = -1};
            return true;
        }
    }
    return false;
}

/* ---- any objects: a knot of the wait-for graph ----------------------------------------------------------
 */

/* Those whom nobody can wake: blocked without a timeout, and all who could end it are among them. */
static people nobody_wakes(const struct scene *s)
{
    people dead = 0, before;
    if (s->partial)
        return 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->people[i].look.class != BLOCKED_NOT && s->people[i].look.forever &&
            !s->people[i].wait.outside && !s->people[i].is_peer)
            dead |= 1ULL << i;
    do {
        before = dead;
        for (size_t i = 0; i < s->count; i++)
            if (dead >> i & 1 && s->people[i].wait.enders & ~dead)
                dead &= ~(1ULL << i);
    } while (dead != before);
    return dead;
}

/* The shortest way from `start` along edges back to it, breadth first; `surely`: only where one alone can end
 * the wait. Returns its length, 0 if there is none. */
static size_t cycle_from(const struct scene *s, people dead, size_t start, bool surely, size_t *path)
{
    size_t from[PEOPLE_MAX], queue[PEOPLE_MAX], head = 0, tail = 0;
    people seen = 0;
    for (queue[tail++] = start; head < tail; head++) {
        const size_t at = queue[head];
        const people next = s->people[at].wait.enders & dead;
        if (surely && (next & (next - 1)))
            continue;
        for (size_t i = 0; i < s->count; i++) {
            if (!(next >> i & 1))
                continue;
            if (i == start) {
                size_t n = 0;
                for (size_t k = at; k != start; k = from[k])
                    path[n++] = k;
                path[n++] = start;
                for (size_t k = 0; k < n / 2; k++) {
                    const size_t swap = path[k];
                    path[k] = path[n - 1 - k];
                    path[n - 1 - k] = swap;
                }
                return n;
            }
            if (!(seen >> i & 1)) {
                seen |= 1ULL << i;
                from[i] = at;
                queue[tail++] = i;
            }
        }
    }
    return 0;
}

static bool rule_cycle(const struct scene *s, struct cause *c)
{
    const people dead = s->r->timer_seen ? 0 : nobody_wakes(s); /* a timer might wake anybody */
    for (int surely = 1; surely >= 0; surely--) {
        size_t best[PEOPLE_MAX], path[PEOPLE_MAX], shortest = 0;
        for (size_t i = 0; i < s->count; i++) {
            const size_t n = dead >> i & 1 ? cycle_from(s, dead, i, surely, path) : 0;
            if (n && (n > 1 || s->people[i].stat.threads == 1) && (!shortest || n < shortest)) {
                shortest = n;
                memcpy(best, path, sizeof best);
            }
        }
        if (!shortest)
            continue;
        *c = (struct cause){.kind = "deadlock",
                            .slug = shortest == 1 ? "lock_taken_twice" : "wait_in_a_cycle",
                            .who = &s->people[best[0]],
                            .other_fd = -1,
                            .cycle_count = shortest > 1 ? shortest : 0};
        for (size_t i = 0; i < shortest; i++)
            c->cycle[i] = &s->people[best[i]];
        return true;
    }
    return false;
}

static bool rule_threads(const struct scene *s, struct cause *c)
{
    if (!s->knot_count)
        return false;
    *c = (struct cause){.kind = "deadlock",
                        .slug = s->knot_count == 1 ? "lock_taken_twice" : "wait_in_a_cycle",
                        .who = &s->knot[0],
                        .other_fd = -1,
                        .cycle_count = s->knot_count > 1 ? s->knot_count : 0};
    for (size_t i = 0; i < c->cycle_count; i++)
        c->cycle[i] = &s->knot[i];
    return true;
}

/* A lock that nobody can give back: its holder has ended, or it lies in memory of which everybody has a copy.
 */
static bool rule_lost_lock(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        if (p->look.class != BLOCKED_LOCK || !p->look.forever || p->is_peer)
            continue;
        /* alone, it has nobody with whom to share */
        const bool has_kin = s->count > 1 || log_last(s->r, p->pid, CALL_FORK);
        const bool copied =
            p->wait.private_memory && p->stat.threads == 1 && p->wait.object[0] && !p->wait.holder && has_kin;
        if (p->wait.private_call) {
            *c = (struct cause){.kind = "hang", .slug = "lock_not_process_shared", .who = p, .other_fd = -1};
            return true;
        }
        if (!copied && !p->wait.holder_gone)
            continue;
        *c = (struct cause){.kind = "hang",
                            .slug = copied ? "lock_not_shared" : "lock_holder_gone",
                            .who = p,
                            .other_fd = -1};
        return true;
    }
    return false;
}

/* ---- one process alone ------------------------------------------------------------------------------------
 */

static bool rule_judge(const struct scene *s, struct cause *c)
{
    for (int write = 0; write < 2; write++) {
        for (size_t i = 0; i < s->count; i++) {
            const struct person *p = &s->people[i];
            const struct blocked_fd *on = waits_on(p, write);
            if (on && (scene_judge_holds(s, on->object, !write) || run_is_outside(s->r, on->object))) {
                *c = (struct cause){.kind = "hang",
                                    .slug = write ? "waits_for_reader" : "waits_for_input",
                                    .who = p,
                                    .on = on,
                                    .other_fd = -1};
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

static const char *slug_of(const struct person *p)
{
    static const struct {
        const char *call, *slug;
    } slugs[] = {{"msgrcv", "waits_for_message"}, {"mq_receive", "waits_for_message"},
                 {"recv", "waits_for_message"},   {"recvmsg", "waits_for_message"},
                 {"msgsnd", "waits_for_room"},    {"mq_send", "waits_for_room"},
                 {"send", "waits_for_room"},      {"sendmsg", "waits_for_room"},
                 {"accept", "waits_for_client"},  {"connect", "waits_for_server"}};
    if (p->wait.stream && p->look.class != BLOCKED_POLL)
        return p->look.class == BLOCKED_WRITE ? "peer_does_not_read" : "peer_sends_nothing";
    for (size_t i = 0; i < ARRAY_SIZE(slugs); i++)
        if (strcmp(p->look.call, slugs[i].call) == 0)
            return slugs[i].slug;
    for (size_t i = 0; i < p->look.fds_count; i++) /* a FIFO that nobody else has open */
        if (*p->look.fds[i].object == '/' && !p->look.fds[i].write)
            return "waits_for_input";
    return p->look.class == BLOCKED_LOCK ? "waits_for_lock" : "blocked";
}

/* A driver that waits for its next call (PROTOCOL.md, the driver link) keeps nobody waiting. */
static bool waits_for_call(const struct person *p)
{
    enum { LINK_FD = 200 };
    return p->look.class == BLOCKED_READ && p->look.fds_count && p->look.fds[0].fd == LINK_FD &&
           p->wait.outside;
}

/* Those who wait for a call, and those who wait for children, perhaps for such ones, only if there is nobody
 * else. */
static bool rule_class_of(const struct scene *s, struct cause *c, bool all)
{
    static const struct {
        enum blocked_class class;
        const char *kind, *slug;
    } rules[] = {
        {BLOCKED_STOPPED, "hang", "stopped"},
        {BLOCKED_LOCK, "hang", NULL},
        {BLOCKED_SIGNAL, "hang", "waits_for_signal"},
        {BLOCKED_OPEN, "hang", "waits_for_partner"},
        {BLOCKED_READ, "hang", NULL},
        {BLOCKED_WRITE, "hang", NULL},
        {BLOCKED_POLL, "hang", NULL},
        {BLOCKED_HELD, "timeout", "still_running"},
        {BLOCKED_SLEEP, "timeout", "sleeping"},
        {BLOCKED_WAIT, "hang", "waits_for_child"},
        {BLOCKED_OTHER, "hang", "blocked"},
    };
    for (size_t k = 0; k < ARRAY_SIZE(rules); k++) {
        for (size_t i = 0; i < s->count; i++) {
            const struct person *p = &s->people[i];
            if (p->look.class != rules[k].class || p->is_peer ||
                (!all && (waits_for_call(p) || p->look.class == BLOCKED_WAIT)))
                continue;
            const struct blocked_fd *on = p->look.fds_count ? &p->look.fds[0] : NULL;
            *c = (struct cause){.kind = rules[k].kind,
                                .slug = rules[k].slug ? rules[k].slug : slug_of(p),
                                .who = p,
                                .on = on,
                                .other_fd = -1,
                                .child = child_of(s, p)};
            return true;
        }
    }
    return false;
}

static bool rule_class(const struct scene *s, struct cause *c)
{
    return rule_class_of(s, c, false) || rule_class_of(s, c, true);
}

static int first_signal(uint64_t set)
{
    return set ? __builtin_ctzll(set) + 1 : 0;
}

/* The last signal that a process handled: a SIGCHLD, or another one. */
static const struct log_entry *last_signal(const struct run *r, pid_t pid, bool child)
{
    for (size_t k = r->log.count; k-- > 0;) {
        const struct log_entry *l = &r->log.entries[k];
        if (l->pid == pid && l->kind == CALL_SIGNAL && (l->signal == SIGCHLD) == child &&
            l->signal != SIGCONT)
            return l;
    }
    return NULL;
}

/* A signal that came before the wait in which the process is began, and ended no earlier one: there was none.
 * While a handler runs its signal is caught; what stops or kills would not have come here. */
static const struct log_entry *too_early(const struct run *r, pid_t pid)
{
    const struct log_entry *came = last_signal(r, pid, false), *wait = NULL;
    if (!came || r->log.dropped)
        return NULL;
    for (size_t k = 0; k < r->log.count; k++) {
        const struct log_entry *l = &r->log.entries[k];
        if (l->pid != pid || l->kind != CALL_SUSPEND)
            continue;
        if (wait)
            return NULL;
        wait = l;
    }
    return wait && came < wait ? came : NULL;
}

/* A wait for a signal that has come already: its handler ran before the wait began, or it is blocked. Only
 * where no other wait for a signal lies between: that one might have been meant. */
static bool rule_lost_signal(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        uint64_t pending, blocked;
        if (p->look.class != BLOCKED_SIGNAL || !p->look.forever || p->stat.threads != 1 || p->is_peer ||
            !proc_pending(p->pid, &pending, &blocked))
            continue;
        *c = (struct cause){
            .kind = "hang", .who = p, .other_fd = -1, .signal = first_signal(pending & blocked)};
        if (c->signal && !p->wait.in_set) {
            c->slug = "signal_blocked";
            return true;
        }
        c->signal = 0;
        if (p->wait.in_set)
            continue;
        if (proc_has_zombie(p->pid) && last_signal(s->r, p->pid, true)) {
            c->slug = "handler_reaps_too_few";
            c->signal = SIGCHLD;
            return true;
        }
        const struct log_entry *came = too_early(s->r, p->pid);
        if (came) {
            c->slug = "signal_lost";
            c->signal = came->signal;
            c->came = came->site;
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

#define REPEATS 100

/* Does it ask the same again and again, and never rests? While we measure nobody ends its stops at these
 * calls, so that its own clock would say nothing. */
static bool asks_again_and_again(const struct run *r, pid_t pid)
{
    const struct log_entry *last = NULL;
    size_t times = 0;
    for (size_t k = r->log.count; k-- > 0;) {
        const struct log_entry *e = &r->log.entries[k];
        if (e->pid != pid)
            continue;
        if (last && (e->kind != last->kind || e->site != last->site))
            return false;
        if (e->ended_ns && e->result > 0)
            return false;
        if (!last)
            last = e;
        if (++times == REPEATS)
            return last->began_ns - e->began_ns < REPEATS * NS_PER_MS;
    }
    return false;
}

/* Whoever prints waits now and then for the user's terminal, pager or pipe, and goes on. */
static bool writes_to_user(const struct scene *s, const struct person *p)
{
    const struct blocked_fd *on = waits_on(p, true);
    return on && run_is_outside(s->r, on->object);
}

static bool rule_running(const struct scene *s, struct cause *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        if (p->is_peer || (p->look.class != BLOCKED_NOT && !writes_to_user(s, p)))
            continue;
        *c = (struct cause){.who = p, .other_fd = -1, .runs = true};
        const bool spins = asks_again_and_again(s->r, p->pid) || computes(p);
        c->kind = spins ? "busy_wait" : "timeout";
        c->slug = spins ? "spins" : "still_running";
        return true;
    }
    return false;
}

static void find_cause(const struct scene *s, struct cause *c)
{
    static bool (*const rules[])(const struct scene *, struct cause *) = {
        rule_reader,    rule_writer,  rule_circle,      rule_cycle, rule_threads,
        rule_lost_lock, rule_running, rule_lost_signal, rule_judge, rule_class};
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (rules[i](s, c))
            return;
    *c = (struct cause){.kind = "hang", .slug = "all_ended", .other_fd = -1};
}

void postmortem(struct run *r, struct verdict *v)
{
    struct scene *s = scene_look(r);
    struct cause c;
    find_cause(s, &c);
    cause_emit(r, s, &c);
    if (v)
        cause_summarise(&c, v);
    scene_free(s);
}

void postmortem_state(struct run *r, struct buffer *b)
{
    struct scene *s = scene_look(r);
    for (size_t i = 0; i < s->count; i++) {
        cause_describe(&s->people[i], b);
        buffer_add(b, "\n", 1);
    }
    scene_free(s);
}

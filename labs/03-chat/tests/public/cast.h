/* Who does what in chat, by what the kernel saw them read and write. Nothing depends on which of its
 * processes was started, and which are children: there may be more of them than two. */
#ifndef CAST_H
#define CAST_H

#include "testkit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define PROCESSES_MAX 64

/* The processes of chat by what they did, as far as data moved. */
struct cast {
    struct tk_flows flows;
    const char *in, *out; /* stdin, stdout */
    pid_t pids[PROCESSES_MAX];
    size_t count;
};

static inline bool flows_at(const struct cast *c, pid_t pid, bool write, const char *object)
{
    for (size_t i = 0; i < c->flows.count; i++) {
        const struct tk_flow *f = &c->flows.list[i];
        if (f->pid == pid && f->write == write && strcmp(f->object, object) == 0)
            return true;
    }
    return false;
}

static inline struct cast look_at(tk_process *chat, const char *in, const char *out)
{
    struct cast c = {.flows = tk_flows(chat), .in = in, .out = out};
    for (size_t i = 0; i < c.flows.count; i++) {
        bool known = false;
        for (size_t j = 0; j < c.count; j++)
            known |= c.pids[j] == c.flows.list[i].pid;
        if (!known && c.count < PROCESSES_MAX)
            c.pids[c.count++] = c.flows.list[i].pid;
    }
    return c;
}

static inline bool is_socket(const char *object)
{
    return strncmp(object, "socket:", 7) == 0;
}

/* Has a byte gone from one to the other? Through a pipe, or a pair of sockets, whose two ends have two names.
 */
static inline bool passes_on(const struct cast *c, pid_t from, pid_t to)
{
    for (size_t i = 0; i < c->flows.count; i++) {
        const struct tk_flow *w = &c->flows.list[i];
        if (!w->write || w->pid != from || (strncmp(w->object, "pipe:", 5) != 0 && !is_socket(w->object)) ||
            strcmp(w->object, c->out) == 0)
            continue;
        for (size_t j = 0; j < c->flows.count; j++) {
            const struct tk_flow *r = &c->flows.list[j];
            bool same = strcmp(r->object, w->object) == 0 || (is_socket(r->object) && is_socket(w->object));
            if (!r->write && r->pid == to && same)
                return true;
        }
    }
    return false;
}

/* Whom bytes of that process have reached, by way of others too. Marks them by their place in pids. */
static inline void spread(const struct cast *c, pid_t from, bool *reached)
{
    bool news = true;
    for (size_t i = 0; i < c->count; i++)
        reached[i] = from != c->pids[i] && passes_on(c, from, c->pids[i]);
    while (news) {
        news = false;
        for (size_t i = 0; i < c->count; i++)
            for (size_t j = 0; j < c->count && reached[i]; j++)
                if (!reached[j] && c->pids[i] != c->pids[j] && passes_on(c, c->pids[i], c->pids[j]))
                    reached[j] = news = true;
    }
}

static inline bool prints(const struct cast *c, pid_t pid)
{
    return flows_at(c, pid, true, c->out);
}

static inline bool reads_stdin(const struct cast *c, pid_t pid)
{
    return flows_at(c, pid, false, c->in);
}

/* Does a process lie between `reader` and one that prints, who neither reads stdin nor prints? */
static inline bool makes_replies(const struct cast *c, pid_t reader, size_t who)
{
    bool from_reader[PROCESSES_MAX], from_it[PROCESSES_MAX];
    if (prints(c, c->pids[who]) || reads_stdin(c, c->pids[who]))
        return false;
    spread(c, reader, from_reader);
    spread(c, c->pids[who], from_it);
    for (size_t i = 0; from_reader[who] && i < c->count; i++)
        if (from_it[i] && prints(c, c->pids[i]))
            return true;
    return false;
}

/* The first process that reads stdin, 0 if none does. */
static inline pid_t first_reader(const struct cast *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (reads_stdin(c, c->pids[i]))
            return c->pids[i];
    return 0;
}

/* False for a process that has ended, waited for or not. We may not signal it, but are told that it is there.
 */
static inline bool still_runs(tk_process *chat, pid_t pid)
{
    struct tk_children children = tk_children(chat);
    for (size_t i = 0; i < children.count; i++)
        if (children.list[i].pid == pid)
            return children.list[i].state != 'Z';
    return kill(pid, 0) == 0 || errno == EPERM;
}

/* To all who make replies: SIGKILL, and until they are gone; or SIGSTOP, and until they stand still. Returns
 * to how many: none, if there is a new one for each line. */
static inline int signal_makers(tk_process *chat, const struct cast *c, int number)
{
    int count = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!makes_replies(c, first_reader(c), i) || !still_runs(chat, c->pids[i]))
            continue;
        count++;
        tk_signal_pid(c->pids[i], number);
        if (number == SIGKILL)
            tk_wait_gone(c->pids[i]);
        else
            tk_wait_blocked(chat, "stop", NULL);
    }
    return count;
}

#endif

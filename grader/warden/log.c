#include "log.h"

#include "run.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 120000 /* about 10 MB */
#define NAMES_MAX   20000

size_t log_add(struct run *r, pid_t pid, pid_t tid, const char *op, enum call_kind kind)
{
    struct log *l = &r->log;
    if (l->count == ENTRIES_MAX) {
        l->dropped++;
        return LOG_NONE;
    }
    if (l->count == l->room) {
        l->room = l->room ? l->room + l->room / 2 : 256;
        l->room = l->room < ENTRIES_MAX ? l->room : ENTRIES_MAX;
        l->entries = xrealloc(l->entries, l->room * sizeof *l->entries);
    }
    l->entries[l->count++] =
        (struct log_entry){.began_ns = now_ns(), .pid = pid, .tid = tid, .op = op, .kind = kind, .fd = -1};
    return l->count;
}

struct log_entry *log_entry(struct run *r, size_t number)
{
    return &r->log.entries[number - 1];
}

void log_event(struct run *r, pid_t pid, const char *op, int64_t result, int signal)
{
    size_t number = log_add(r, pid, pid, op, CALL_NONE);
    if (number == LOG_NONE)
        return;
    struct log_entry *e = log_entry(r, number);
    e->ended_ns = e->began_ns;
    e->result = result;
    e->signal = signal;
}

/* ---- names ----------------------------------------------------------------------------------------------
 */

static size_t hash_text(const char *text)
{
    uint64_t hash = HASH_START;
    for (; *text; text++)
        hash = hash_add(hash, (unsigned char)*text);
    return (size_t)(hash ^ hash >> 32);
}

static void grow_index(struct log *l)
{
    l->index_size = l->index_size ? 2 * l->index_size : 256;
    free(l->index);
    l->index = xcalloc(l->index_size, sizeof *l->index);
    for (size_t n = 1; n < l->names_count; n++) {
        size_t at = hash_text(l->names[n]) % l->index_size;
        while (l->index[at])
            at = (at + 1) % l->index_size;
        l->index[at] = (uint32_t)n;
    }
}

uint32_t log_name(struct run *r, const char *text)
{
    struct log *l = &r->log;
    if (!*text)
        return 0;
    if (2 * (l->names_count + 2) > l->index_size)
        grow_index(l);
    size_t at = hash_text(text) % l->index_size;
    for (; l->index[at]; at = (at + 1) % l->index_size)
        if (strcmp(l->names[l->index[at]], text) == 0)
            return l->index[at];
    if (l->names_count == NAMES_MAX)
        return 0;
    if (l->names_count + 1 >= l->names_room) {
        l->names_room = l->names_room ? 2 * l->names_room : 64;
        l->names = xrealloc(l->names, l->names_room * sizeof *l->names);
    }
    if (l->names_count == 0)
        l->names[l->names_count++] = NULL;
    l->names[l->names_count] = xstrdup(text);
    l->index[at] = (uint32_t)l->names_count;
    return (uint32_t)l->names_count++;
}

const char *log_text(const struct run *r, uint32_t name)
{
    return name ? r->log.names[name] : "";
}

/* ---- reading it
 * --------------------------------------------------------------------------------------------
 */

const struct log_entry *log_last(const struct run *r, pid_t pid, enum call_kind kind)
{
    for (size_t i = r->log.count; i-- > 0;)
        if (r->log.entries[i].pid == pid && r->log.entries[i].kind == kind)
            return &r->log.entries[i];
    return NULL;
}

static double ms_since(const struct run *r, int64_t ns)
{
    return (double)(ns - r->began_ns) / 1e6;
}

static void tell_entry(struct run *r, const struct log_entry *e)
{
    struct buffer b = {0};
    run_event_begin(r, &b, "call");
    json_ms(&b, "at", ms_since(r, e->began_ns));
    if (e->ended_ns) {
        json_ms(&b, "end", ms_since(r, e->ended_ns));
        json_int(&b, "result", e->result);
    }
    json_int(&b, "pid", e->pid);
    if (e->tid != e->pid)
        json_int(&b, "tid", e->tid);
    json_text(&b, "op", e->op);
    if (e->object)
        json_text(&b, "object", log_text(r, e->object));
    if (e->peer)
        json_text(&b, "peer", log_text(r, e->peer));
    if (e->fd >= 0)
        json_int(&b, "fd", e->fd);
    if (e->end)
        json_text(&b, "pipe_end", e->end);
    if (e->other)
        json_int(&b, "other", e->other);
    if (e->signal)
        json_int(&b, "signal", e->signal);
    if (e->injected)
        json_bool(&b, "injected", true);
    json_site(r, &b, "site", e->site);
    warden_event(r->w, &b);
}

void log_tell(struct run *r)
{
    struct buffer b = {0};
    for (size_t i = 0; i < r->log.count; i++)
        tell_entry(r, &r->log.entries[i]);
    run_event_begin(r, &b, "traced");
    json_int(&b, "entries", (int64_t)r->log.count);
    json_int(&b, "dropped", (int64_t)r->log.dropped);
    warden_event(r->w, &b);
}

void log_free(struct log *l)
{
    for (size_t i = 1; i < l->names_count; i++)
        free(l->names[i]);
    free(l->names);
    free(l->index);
    free(l->entries);
    *l = (struct log){0};
}

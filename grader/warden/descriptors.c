#include "descriptors.h"

#include "run.h"

#include <stdlib.h>
#include <string.h>

#define PROCESSES_KEPT   1024
#define DESCRIPTORS_KEPT 1024 /* of one process */
#define MAKERS_MAX       2048 /* the oldest is given up first */
#define DOUBLES_MAX      64
#define SWEEPS_MAX       64

static struct descriptors *of(const struct run *r, pid_t pid)
{
    for (size_t i = r->owned.count; i-- > 0;)
        if (r->owned.processes[i].pid == pid)
            return &r->owned.processes[i];
    return NULL;
}

static struct descriptors *of_or_new(struct run *r, pid_t pid)
{
    struct ownership *o = &r->owned;
    struct descriptors *d = of(r, pid);
    if (d || o->count == PROCESSES_KEPT)
        return d;
    o->processes = xrealloc(o->processes, (o->count + 1) * sizeof *o->processes);
    o->processes[o->count] = (struct descriptors){.pid = pid};
    return &o->processes[o->count++];
}

static struct descriptor *slot(struct descriptors *d, int fd, bool make)
{
    for (size_t i = 0; d && i < d->count; i++)
        if (d->list[i].fd == fd)
            return &d->list[i];
    if (!d || !make || d->count == DESCRIPTORS_KEPT)
        return NULL;
    d->list = xrealloc(d->list, (d->count + 1) * sizeof *d->list);
    d->list[d->count] = (struct descriptor){.fd = fd};
    return &d->list[d->count++];
}

void descriptors_made(struct run *r, pid_t pid, int fd, const char *object, site_id site)
{
    struct descriptor *s = slot(of_or_new(r, pid), fd, true);
    if (s)
        *s = (struct descriptor){.fd = fd, .object = log_name(r, object), .made = site, .open = true};
}

static void remember_sweep(struct ownership *o, site_id site)
{
    for (size_t i = 0; i < o->sweeps_count; i++)
        if (o->sweeps[i] == site)
            return;
    if (!site || o->sweeps_count == SWEEPS_MAX)
        return;
    o->sweeps = xrealloc(o->sweeps, (o->sweeps_count + 1) * sizeof *o->sweeps);
    o->sweeps[o->sweeps_count++] = site;
}

/* Is it one of several neighbours that are closed a second time at one place? That closes whatever there may
 * be. */
static bool is_in_a_row(struct ownership *o, pid_t pid, int fd, site_id site)
{
    for (size_t i = 0; i < o->doubles_count; i++) {
        const struct double_close *d = &o->doubles[i];
        if (d->second == site && d->pid == pid && (d->fd == fd - 1 || d->fd == fd + 1))
            return true;
    }
    return false;
}

static void remember_double(struct run *r, pid_t pid, const struct descriptor *s, site_id site)
{
    struct ownership *o = &r->owned;
    if (!site)
        return; /* not known where: nobody is accused */
    if (is_in_a_row(o, pid, s->fd, site)) {
        remember_sweep(o, site);
        return;
    }
    if (o->doubles_count == DOUBLES_MAX)
        return;
    o->doubles = xrealloc(o->doubles, (o->doubles_count + 1) * sizeof *o->doubles);
    struct double_close *d = &o->doubles[o->doubles_count++];
    *d = (struct double_close){
        .pid = pid, .fd = s->fd, .object = s->object, .first = s->closed, .second = site};
    run_role(r, pid, d->role, sizeof d->role);
}

void descriptors_close(struct run *r, pid_t pid, int fd, uint32_t object, site_id site)
{
    if (fd < 0)
        return;
    struct descriptor *s = slot(of_or_new(r, pid), fd, object != 0);
    if (!object) {
        if (!s || s->open || !s->closed)
            remember_sweep(&r->owned, site);
        else
            remember_double(r, pid, s, site);
        return;
    }
    if (!s)
        return;
    s->object = object;
    s->open = false;
    s->closed = site;
    s->late = r->records > 0;
}

void descriptors_close_range(struct run *r, pid_t pid, unsigned first, unsigned last)
{
    struct descriptors *d = of(r, pid);
    for (size_t i = d ? d->count : 0; i-- > 0;)
        if (d->list[i].open && (unsigned)d->list[i].fd >= first && (unsigned)d->list[i].fd <= last)
            d->list[i] = d->list[--d->count];
}

uint32_t descriptors_object(struct run *r, pid_t pid, int fd)
{
    char object[256];
    struct descriptor *s = slot(of(r, pid), fd, false);
    if (r->e->watch_all && s && s->open)
        return s->object;
    if (!proc_fd_object(&r->w->access, pid, fd, object, sizeof object))
        return 0;
    const uint32_t name = log_name(r, object);
    if (r->e->watch_all && (s = slot(of_or_new(r, pid), fd, true)))
        *s = (struct descriptor){.fd = fd, .object = name, .open = true};
    return name;
}

/* A child begins with a copy of its parent's table, and with what is known of it. */
void descriptors_forked(struct run *r, pid_t parent, pid_t child)
{
    descriptors_forget(r, child); /* of an earlier process of that number */
    if (!of(r, parent))
        return;
    struct descriptors *to = of_or_new(r, child), *from = of(r, parent);
    if (!to)
        return;
    to->list = xcalloc(from->count + 1, sizeof *to->list);
    to->count = from->count;
    memcpy(to->list, from->list, from->count * sizeof *to->list);
}

/* What was closed before is another program's affair, and what was close-on-exec is gone. */
void descriptors_exec(struct run *r, pid_t pid)
{
    char object[256];
    struct descriptors *d = of(r, pid);
    for (size_t i = d ? d->count : 0; i-- > 0;)
        if (!d->list[i].open || !proc_fd_object(&r->w->access, pid, d->list[i].fd, object, sizeof object))
            d->list[i] = d->list[--d->count];
}

void descriptors_forget(struct run *r, pid_t pid)
{
    struct descriptors *d = of(r, pid);
    if (!d)
        return;
    free(d->list);
    *d = r->owned.processes[--r->owned.count];
}

site_id descriptors_site(const struct run *r, pid_t pid, int fd, const char *object)
{
    const struct descriptor *s = slot(of(r, pid), fd, false);
    return s && s->open && strcmp(log_text(r, s->object), object) == 0 ? s->made : 0;
}

/* ---- objects --------------------------------------------------------------------------------------------
 */

void objects_removed(struct run *r, const char *object)
{
    struct ownership *o = &r->owned;
    const uint32_t name = log_name(r, object);
    for (size_t i = 0; i < o->makers_count; i++)
        if (o->makers[i].object == name)
            o->makers[i].object = 0;
}

void objects_made(struct run *r, pid_t pid, const char *object, site_id site, bool fresh)
{
    struct ownership *o = &r->owned;
    const uint32_t name = log_name(r, object);
    struct maker *old = NULL;
    if (!name)
        return;
    if (!o->makers)
        o->makers = xcalloc(MAKERS_MAX, sizeof *o->makers);
    for (size_t i = 0; i < o->makers_count && !old; i++)
        if (o->makers[i].object == name)
            old = &o->makers[i];
    if (old && !fresh)
        return;
    if (!old) {
        old = &o->makers[o->makers_next++ % MAKERS_MAX];
        o->makers_count = o->makers_next < MAKERS_MAX ? o->makers_next : MAKERS_MAX;
    }
    *old = (struct maker){name, pid, site};
}

const struct maker *objects_maker(struct run *r, const char *object)
{
    const uint32_t name = log_name(r, object);
    for (size_t i = 0; name && i < r->owned.makers_count; i++)
        if (r->owned.makers[i].object == name)
            return &r->owned.makers[i];
    return NULL;
}

/* ---- the end ----------------------------------------------------------------------------------------------
 */

static bool is_sweep(const struct ownership *o, site_id site)
{
    for (size_t i = 0; i < o->sweeps_count; i++)
        if (o->sweeps[i] == site)
            return true;
    return false;
}

/* Only now is it known which places close whatever there may be. */
void descriptors_tell_doubles(struct run *r)
{
    for (size_t i = 0; i < r->owned.doubles_count; i++) {
        const struct double_close *d = &r->owned.doubles[i];
        struct buffer b = {0};
        if (is_sweep(&r->owned, d->second) || run_is_peers(r, d->pid))
            continue;
        run_finding_begin(r, &b, "double_close", "closed_twice");
        json_int(&b, "pid", d->pid);
        json_text(&b, "role", d->role);
        json_int(&b, "fd", d->fd);
        json_text(&b, "object", log_text(r, d->object));
        json_close(&b, '}');
        json_site(r, &b, "site", d->second);
        json_open(&b, "places", '{');
        json_site(r, &b, "first", d->first);
        json_close(&b, '}');
        warden_event(r->w, &b);
    }
}

void descriptors_used_closed(struct run *r, pid_t pid, int fd, bool write, site_id site)
{
    struct ownership *o = &r->owned;
    const struct descriptor *s = slot(of(r, pid), fd, false);
    if (r->records && (!s || s->late))
        return; /* what it did when the judge had left is no reason for what the judge found */
    for (size_t i = 0; i < o->uses_count; i++)
        if (o->uses[i].site == site && o->uses[i].pid == pid)
            return; /* in a loop */
    if (o->uses_count == DOUBLES_MAX)
        return;
    o->uses = xrealloc(o->uses, (o->uses_count + 1) * sizeof *o->uses);
    struct use_after_close *u = &o->uses[o->uses_count++];
    *u = (struct use_after_close){
        .pid = pid, .fd = fd, .write = write, .site = site, .closed = s && !s->open ? s->closed : 0};
    run_role(r, pid, u->role, sizeof u->role);
}

bool descriptors_tell_uses(struct run *r, pid_t pid)
{
    bool any = false;
    for (size_t i = 0; i < r->owned.uses_count; i++) {
        struct use_after_close *u = &r->owned.uses[i];
        struct buffer b = {0};
        if (u->told || (pid && u->pid != pid) || run_is_peers(r, u->pid))
            continue;
        any = u->told = true;
        run_finding_begin(r, &b, "wrong_output", "write_to_closed_fd");
        json_int(&b, "pid", u->pid);
        json_text(&b, "role", u->role);
        json_int(&b, "fd", u->fd);
        json_text(&b, "does", u->write ? "writes to" : "reads from");
        json_close(&b, '}');
        json_site(r, &b, "site", u->site);
        json_open(&b, "places", '{');
        json_site(r, &b, "first", u->closed);
        json_close(&b, '}');
        warden_event(r->w, &b);
    }
    return any;
}

void descriptors_free(struct ownership *o)
{
    for (size_t i = 0; i < o->count; i++)
        free(o->processes[i].list);
    free(o->processes);
    free(o->makers);
    free(o->doubles);
    free(o->uses);
    free(o->sweeps);
    *o = (struct ownership){0};
}

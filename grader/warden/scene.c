#include "scene.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

const struct proc_fd *scene_end(const struct proc_fd *list, ssize_t count, const char *object, bool write)
{
    for (ssize_t i = 0; i < count; i++)
        if (strcmp(list[i].object, object) == 0 && (write ? list[i].writable : list[i].readable))
            return &list[i];
    return NULL;
}

bool scene_judge_holds(const struct scene *s, const char *object, bool write)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->people[i].is_peer && scene_end(s->people[i].fds, s->people[i].fds_count, object, write))
            return true;
    return scene_end(s->judge_fds, s->judge_fds_count, object, write);
}

people scene_others(const struct scene *s, const struct person *p)
{
    people all = s->count == PEOPLE_MAX ? ~0ULL : (1ULL << s->count) - 1;
    return all & ~(1ULL << (p - s->people));
}

pid_t scene_thread(const struct person *p)
{
    return p->stat.state == 'Z' && p->look.tid ? p->look.tid : p->pid;
}

const char *scene_maps(struct scene *s, struct person *p)
{
    if (!p->maps) {
        p->maps = xcalloc(1, MAPS_ROOM);
        ssize_t n = proc_maps(&s->r->w->access, scene_thread(p), p->maps, MAPS_ROOM - 1);
        p->maps[n > 0 ? n : 0] = '\0';
    }
    return p->maps;
}

void scene_free(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->people[i].maps);
    free(s);
}

#define ATTEMPTS 3

/* One after the other; `switches`: how often each had been given a processor, before any was looked at. */
static void look_at_all(struct scene *s, uint64_t *switches)
{
    struct run *r = s->r;
    pid_t tree[PEOPLE_MAX];
    uint64_t before[PEOPLE_MAX];
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree));
    s->count = 0;
    s->partial = n == ARRAY_SIZE(tree);
    for (size_t i = 0; i < n; i++)
        before[i] = proc_switches(tree[i], tree[i]);
    for (size_t i = 0; i < n; i++) {
        struct person *p = &s->people[s->count];
        *p = (struct person){.pid = tree[i]};
        if (!proc_stat(tree[i], &p->stat) || !blocked_look_process(&r->w->access, tree[i], &p->look))
            continue; /* ended */
        struct process *known = run_process(r, tree[i]);
        p->is_main = known && !known->ended;
        p->is_peer = run_is_peers(r, tree[i]);
        run_role(r, tree[i], p->role, sizeof p->role);
        p->fds_count = proc_fds(&r->w->access, tree[i], p->fds, ENDS_MAX);
        switches[s->count++] = before[i];
    }
}

/* It waits for a child that has ended, which we, its tracer, have to be told first. */
static bool is_about_to_go_on(const struct person *p)
{
    pid_t children[256];
    struct proc_stat st;
    const pid_t awaited = scene_awaited(&p->look.raw);
    if (p->look.class != BLOCKED_WAIT ||
        (p->look.raw.number == SYS_waitid && !(p->look.raw.args[3] & WEXITED)))
        return false;
    for (size_t i = proc_children(p->pid, children, ARRAY_SIZE(children)); i-- > 0;)
        if ((awaited < 0 || awaited == children[i]) && proc_stat(children[i], &st) && st.ppid == p->pid &&
            st.state == 'Z')
            return true;
    return false;
}

/* It has been woken, though on a busy machine it may not have had a processor yet: then it has not been
 * switched out since we looked either. The order matters: who sleeps now, and has not been switched out by
 * the time we count, has slept since. */
static bool has_been_woken(const struct person *p, uint64_t switches)
{
    struct proc_stat now;
    return (proc_stat(p->pid, &now) && now.state == 'R') || proc_switches(p->pid, p->pid) != switches;
}

/* Those that seemed to be blocked and have run while we looked, or will at once: they and whoever is said to
 * wait with them were not blocked at one moment. Of several threads one may be, and the others run: that is
 * no sign. */
static people moving(const struct scene *s, const uint64_t *switches)
{
    people some = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct person *p = &s->people[i];
        const bool blocked = p->look.class != BLOCKED_NOT && p->look.forever && p->stat.threads == 1;
        if (blocked && (has_been_woken(p, switches[i]) || is_about_to_go_on(p)))
            some |= 1ULL << i;
    }
    return some;
}

struct scene *scene_look(struct run *r)
{
    struct scene *s = xcalloc(1, sizeof *s);
    uint64_t switches[PEOPLE_MAX];
    people run = 0;
    s->r = r;
    for (int i = 0; i < ATTEMPTS; i++) {
        look_at_all(s, switches);
        if (!(run = moving(s, switches)))
            break;
    }
    for (size_t i = 0; i < s->count; i++)
        if (run >> i & 1)
            s->people[i].look =
                (struct blocked){.tid = s->people[i].pid, .class = BLOCKED_NOT, .call = "running"};
    struct proc_access judge = r->w->access;
    judge.student = r->w->plan.judge;
    s->judge_fds_count =
        r->judge_gone ? -1 : proc_fds(&judge, r->judge, s->judge_fds, ARRAY_SIZE(s->judge_fds));
    waits_understand(s);
    return s;
}

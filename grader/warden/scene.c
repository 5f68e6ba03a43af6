#include "scene.h"

#include <stdlib.h>
#include <string.h>

const struct proc_fd *scene_end(const struct proc_fd *list, ssize_t count, const char *object, bool write)
{
    for (ssize_t i = 0; i < count; i++)
        if (strcmp(list[i].object, object) == 0 && (write ? list[i].writable : list[i].readable))
            return &list[i];
    return NULL;
}

bool scene_judge_holds(const struct scene *s, const char *object, bool write)
{
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

struct scene *scene_look(struct run *r)
{
    struct scene *s = xcalloc(1, sizeof *s);
    pid_t tree[PEOPLE_MAX];
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree));
    s->r = r;
    s->partial = n == ARRAY_SIZE(tree);
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
    waits_understand(s);
    return s;
}

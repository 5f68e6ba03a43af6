/*
 * Which schedules are run, and which of them are worth telling in full.
 *
 * When it explores, a seed stands for one schedule of one program, whatever was run before it: seeds 1 to 100
 * change tasks at operations only, 101 to 200 at accesses to shared memory too, and so on by turns; the depth
 * goes round from 1 to the greatest. The number of steps, which change points are drawn from, comes from seed
 * 0, a run without any.
 */
#include "host.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 100, KNOWN = 4096 };

struct explorer {
    struct host_options options;
    uint64_t known[KNOWN]; /* what has been told: hashes; 0: free */
    uint64_t coarse_steps, fine_steps, schedules;
    uint32_t alive;
    bool cut; /* the time was over before the last seed */
};

/* FNV-1a (Fowler, Noll, Vo), over whole words. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * 0x100000001b3u;
}

/* True the first time. A full table makes everything new: told too often, never too rarely. */
static bool is_new(struct explorer *x, uint64_t hash)
{
    hash = mix(hash, hash >> 32) | 1;
    for (uint64_t i = 0; i < KNOWN; i++) {
        uint64_t *at = &x->known[(hash + i) % KNOWN];
        if (*at == hash)
            return false;
        if (!*at) {
            *at = hash;
            return true;
        }
    }
    return true;
}

static uint64_t hash_bytes(uint64_t hash, int fd)
{
    static char bytes[65536];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    for (ssize_t i = 0; i < n; i++)
        hash = mix(hash, (unsigned char)bytes[i]);
    return hash;
}

static bool news(struct explorer *x, const struct host_run *run)
{
    const struct weave_region *r = REGION;
    bool new = false;
    for (uint32_t i = 0; i < r->n_races && i < WEAVE_RACES; i++)
        new |= is_new(x, mix(mix(1, r->race[i].first.place), r->race[i].second.place));
    for (uint32_t i = 0; i < r->n_troubles && i < WEAVE_TROUBLES; i++) {
        uint64_t hash = mix(mix(2, r->trouble[i].place), r->trouble[i].place2);
        for (size_t k = 0; k < sizeof r->trouble[i].code && r->trouble[i].code[k]; k++)
            hash = mix(hash, (unsigned char)r->trouble[i].code[k]);
        new |= is_new(x, hash);
    }
    uint64_t stand = mix(3, atomic_load(&r->verdict)); /* where everybody stands at the end */
    for (uint32_t i = 0; i < r->n_tasks_high && i < WEAVE_TASKS; i++)
        if (r->task[i].state == TASK_BLOCKED)
            stand = mix(mix(stand, r->task[i].wait.place), r->task[i].wait.op);
    for (uint32_t i = 0; i < r->n_spawned && i < WEAVE_SPAWNED; i++)
        stand = mix(stand, r->spawned[i].end_known ? r->spawned[i].end_code : 1u << 20);
    new |= is_new(x, stand);
    new |= is_new(x, hash_bytes(mix(4, run->first_known ? run->first_code : 1u << 20), run->out));
    return new;
}

static void tell(struct explorer *x, const struct host_run *run)
{
    x->schedules++;
    bool brief = !news(x, run) && x->options.explore && !x->options.full;
    host_tell(&x->options, run, brief && !x->options.log, stdout);
    if (fflush(stdout) != 0)
        exit(3);
}

/* False: no more are to be run, since the time was over before it was done, or it has no end. */
static bool one(struct explorer *x, uint64_t seed)
{
    struct host_run run = {.seed = seed};
    host_run_one(&x->options, &run);
    uint32_t verdict = atomic_load(&REGION->verdict);
    bool ends = !run.given_up && verdict != VERDICT_STEPS && verdict != VERDICT_TIME;
    if (!run.given_up)
        tell(x, &run);
    x->cut |= run.given_up;
    host_guard_end();
    if (REGION->n_alive_high > x->alive)
        x->alive = REGION->n_alive_high;
    if (seed == 0) {
        x->coarse_steps = REGION->points;
        x->fine_steps = REGION->points + REGION->accesses;
    }
    host_clean(&x->options);
    close(run.out);
    close(run.err);
    return !run.given_up && (ends || !x->options.until_endless);
}

static void choose(struct explorer *x, uint32_t greatest, uint64_t seed)
{
    struct host_options *o = &x->options;
    o->fine = seed > 0 && (seed - 1) / BLOCK % 2 == 1;
    o->depth = seed > 0 ? 1 + (uint32_t)((seed - 1) % greatest) : 1;
    o->steps = o->fine ? x->fine_steps : x->coarse_steps;
}

/* The run that others are measured by. It is told as theirs are: it may have found something. */
static bool probe(struct explorer *x, bool wanted)
{
    struct host_options asked = x->options;
    if (!wanted) {
        x->options.log = false;
        x->options.n_watched = 0;
    }
    choose(x, 1, 0);
    bool done = one(x, 0);
    x->options.log = asked.log;
    x->options.n_watched = asked.n_watched;
    return done;
}

void host_explore(const struct host_options *options)
{
    static struct explorer x;
    x.options = *options;
    uint64_t began = host_now_ns();
    if (options->budget_ms)
        x.options.until_ns = began + (uint64_t)options->budget_ms * 1000000u;
    bool on = !options->explore || probe(&x, options->first_seed == 0);
    for (uint64_t seed = options->first_seed; on; seed++) {
        if (options->explore)
            choose(&x, options->depth ? options->depth : 1, seed);
        if (seed > 0 || !options->explore)
            on = one(&x, seed);
        if (seed == options->last_seed)
            break;
    }
    printf("{\"done\":true,\"schedules\":%lu,\"coarse_steps\":%lu,\"fine_steps\":%lu,\"alive\":%u,\"cut\":%s,"
           "\"wall_us\":%lu}\n",
           x.schedules, x.coarse_steps, x.fine_steps, x.alive, x.cut ? "true" : "false",
           (host_now_ns() - began) / 1000);
    if (fflush(stdout) != 0)
        exit(3);
}

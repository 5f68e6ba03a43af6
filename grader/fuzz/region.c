/*
 * weave's host and a region that programs have written to (weave/host_region.c, host_tell.c, host_explore.c,
 * baton.c): the input is what they write, anywhere. What the host takes for whole leads it nowhere else, and
 * what it tells is one JSON object, whole or not.
 *
 * The region lies where AddressSanitizer has its shadow, so there is UndefinedBehaviorSanitizer only, which
 * knows the bounds of the region's tables; all but its check of bool, which programs can make neither true
 * nor false: the host only ever asks whether one is.
 */
#include "fuzz.h"

#include "../weave/host_region.c"
#define text text_of_explore
#define tell tell_of_explore
#define one  one_of_explore
#include "../weave/host_explore.c"
#undef text
#undef tell
#undef one

#include <stddef.h>

/* ---- the rest of the host; none of it is reached from here */

_Noreturn void host_die(const char *format, ...)
{
    fprintf(stderr, "%s\n", format);
    abort();
}

void host_run_one(const struct host_options *options, struct host_run *run)
{
    (void)options;
    (void)run;
    abort();
}

void host_clean(const struct host_options *options)
{
    (void)options;
    abort();
}

void host_guard_end(void)
{
    abort();
}

uint64_t host_now_ns(void)
{
    return 0;
}

/* ---- what programs write */

#define FIELD(name)                                                                                          \
    {                                                                                                        \
        offsetof(struct weave_region, name), sizeof(((struct weave_region *)0)->name)                        \
    }
#define TASK(name)                                                                                           \
    {                                                                                                        \
        offsetof(struct weave_region, task) + offsetof(struct weave_task, name),                             \
            sizeof(((struct weave_task *)0)->name)                                                           \
    }

static const struct {
    size_t at, size;
} counts[] = {FIELD(holder),
              FIELD(verdict),
              FIELD(n_tasks_high),
              FIELD(n_spawned),
              FIELD(n_programs),
              FIELD(n_created),
              FIELD(n_objects),
              FIELD(n_tokens),
              FIELD(n_sets),
              FIELD(n_memories),
              FIELD(n_races),
              FIELD(n_troubles),
              FIELD(n_log),
              FIELD(n_sent),
              FIELD(free_sent),
              FIELD(n_alive),
              FIELD(n_change),
              FIELD(dying),
              FIELD(now),
              FIELD(next_timer),
              FIELD(n_splits),
              FIELD(random),
              FIELD(timer[0].owner),
              FIELD(timer[0].to),
              FIELD(timer[0].number),
              FIELD(timer[0].next),
              FIELD(timer[0].interval),
              FIELD(sent[1].next),
              FIELD(sent[1].number),
              FIELD(sent[1].timer)},
  of_task[] = {TASK(state),       TASK(pid),           TASK(parent),         TASK(born),
               TASK(leader),      TASK(thread),        TASK(n_held),         TASK(wait),
               TASK(own),         TASK(group),         TASK(timer),          TASK(canary),
               TASK(timer_delay), TASK(priority),      TASK(mask),           TASK(program),
               TASK(end_known),   TASK(own.first),     TASK(own.last),       TASK(group.first),
               TASK(group.last),  TASK(wait.deadline), TASK(wait.op),        TASK(waiting_for),
               TASK(detached),    TASK(parent_pid),    TASK(timer_interval), TASK(handled)};

enum { COUNTS = sizeof counts / sizeof *counts, OF_TASK = sizeof of_task / sizeof *of_task };

static void put(size_t at, const void *data, size_t size)
{
    if (at < sizeof(struct weave_region) && size <= sizeof(struct weave_region) - at)
        memcpy((char *)REGION + at, data, size);
}

static void write_one(struct fuzz_input *in)
{
    const uint8_t kind = fuzz_byte(in);
    size_t n;
    if (kind % 4 == 0) {
        const size_t which = kind / 4 % COUNTS;
        const uint64_t small = fuzz_byte(in), value = small > 250 ? fuzz_word(in) : small;
        put(counts[which].at, &value, counts[which].size < 8 ? counts[which].size : 8);
    } else if (kind % 4 == 1) {
        const size_t which = kind / 4 % OF_TASK, task = fuzz_byte(in) % WEAVE_TASKS;
        const uint64_t small = fuzz_byte(in), value = small > 250 ? fuzz_word(in) : small;
        put(of_task[which].at + task * sizeof(struct weave_task), &value,
            of_task[which].size < 8 ? of_task[which].size : 8);
    } else {
        const size_t at = kind % 4 == 2 ? fuzz_word(in) % sizeof(struct weave_region)
                                        : offsetof(struct weave_region, trouble) + fuzz_byte(in) * 8u;
        const uint8_t *part = fuzz_part(in, &n);
        put(at, part, n);
    }
}

/* Tasks as a run has them, or the host would have nobody to look at. */
static void some_tasks(uint32_t n)
{
    struct weave_region *r = REGION;
    for (uint32_t i = 0; i < n; i++) {
        r->task[i].canary = WEAVE_MAGIC;
        r->task[i].state = TASK_READY + i % 2;
        r->task[i].pid = (int32_t)(100 + i);
        r->task[i].parent = i ? 0 : WEAVE_NO_TASK;
        r->task[i].parent_pid = 100;
        r->task[i].timer = r->task[i].wait.deadline = WEAVE_NO_TIME;
        r->task[i].born = i;
        r->task[i].wait.op = (uint16_t)(i + 1);
        r->spawned[i] = (struct weave_spawned){.task = i, .pid = (int32_t)(100 + i)};
    }
    r->n_spawned = r->n_tasks_high = r->n_alive = r->n_alive_high = n;
    r->next_timer = WEAVE_NO_TIME;
}

/* ---- what the host does then */

static void go_on(uint8_t who)
{
    baton_dead(100 + who % 4, who & 4, who);
    const uint32_t next = baton_pick();
    FUZZ_CHECK(next == WEAVE_NO_TASK || next < WEAVE_TASKS);
    baton_verdict(VERDICT_DEADLOCK);
}

static void tell_it(bool log)
{
    static struct explorer known;
    static int printed = -1;
    char *text;
    size_t size;
    if (printed < 0) {
        printed = memfd_create("stdout", MFD_CLOEXEC);
        FUZZ_CHECK(write(printed, "a\"\\\xff\0\n", 6) == 6);
    }
    const struct host_options o = {.log = log};
    const struct host_run run = {.seed = 7, .out = printed, .err = printed};
    memset(known.known, 0, sizeof known.known);
    news(&known, &run);
    FILE *out = open_memstream(&text, &size);
    FUZZ_CHECK(out);
    host_tell(&o, &run, false, out);
    fclose(out);
    FUZZ_CHECK(size && text[size - 1] == '\n' && !memchr(text, '\n', size - 1) &&
               fuzz_is_json(text, size - 1));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct host_options options = {.depth = 3, .steps = 1000, .detect = true};
    struct fuzz_input in = {data, size};
    const uint8_t who = fuzz_byte(&in);
    host_region_make(&options, 7);
    some_tasks(who % 5 + 1u);
    FUZZ_CHECK(host_region_sound());
    while (in.size)
        write_one(&in);
    if (host_region_sound())
        go_on(who);
    else
        atomic_store(&REGION->verdict, VERDICT_TAMPER);
    tell_it(REGION->n_log < 64 && REGION->n_objects < 64);
    host_region_drop();
    fuzz_forget();
    return 0;
}

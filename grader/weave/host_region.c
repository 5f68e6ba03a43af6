/*
 * The region of a run, as the host sees it. Programs can write all of it, by accident or on purpose: the host
 * believes nothing there that would lead it astray. What it needs itself (descriptors, the size) it keeps
 * beside, and it looks at canaries and at what has to be constant before it acts on the schedule.
 */
#include "baton.h"
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static struct weave_config config; /* as it was written */
static bool there;

/* The C library does not need to clear it. */
static uint64_t *const canaries[] = {&REGION->magic,         &REGION->canary_schedule, &REGION->canary_hash,
                                     &REGION->canary_object, &REGION->canary_log,      &REGION->canary_token,
                                     &REGION->end_magic};
enum { CANARIES = sizeof canaries / sizeof canaries[0] };

static int move_high(int fd, int place)
{
    int made = dup2(fd, place);
    if (made < 0)
        host_die("dup2: %s", strerror(errno));
    close(fd);
    return made;
}

/* A sparse file that no program can cut short under the host's feet; high numbers, where programs do not
 * look. */
static int make_file(uint64_t size, int number)
{
    int fd = memfd_create("weave", MFD_ALLOW_SEALING);
    if (fd < 0)
        host_die("memfd_create: %s", strerror(errno));
    if (ftruncate(fd, (off_t)size) != 0)
        host_die("ftruncate: %s", strerror(errno));
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return move_high(fd, number);
}

static void write_config(const struct host_options *o, uint64_t seed)
{
    config.seed = seed;
    config.strategy = o->strategy;
    config.depth = o->depth;
    config.steps = o->steps;
    config.step_limit = o->step_limit;
    config.spin_limit = o->spin_limit;
    config.fine = o->fine;
    config.detect = o->detect;
    config.signals_anywhere = o->signals_anywhere;
    config.watching = o->n_watched > 0;
    config.n_watched = o->n_watched;
    memcpy(config.watched, o->watched, sizeof config.watched);
    memcpy(&REGION->config, &config, sizeof config); /* with its padding, for the comparison */
}

static void map_region(void)
{
    void *made = mmap((void *)WEAVE_BASE, config.size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, config.fd, 0);
    if (made != (void *)WEAVE_BASE)
        host_die("mmap of the region: %s", strerror(errno));
    there = true;
}

int host_region_make(const struct host_options *o, uint64_t seed)
{
    struct rlimit limit;
    memset(&config, 0, sizeof config);
    config.size = 1ul << 36;
    getrlimit(RLIMIT_FSIZE, &limit);
    if (limit.rlim_cur < config.size)
        config.size = limit.rlim_cur;
    if (config.size < sizeof(struct weave_region) + (64ul << 20))
        host_die("the limit of a file's size (%lu bytes) is too small for the region", config.size);
    getrlimit(RLIMIT_NOFILE, &limit);
    int top = limit.rlim_cur > 65536 ? 65536 : (int)limit.rlim_cur;
    int event = eventfd(0, EFD_NONBLOCK);
    if (event < 0)
        host_die("eventfd: %s", strerror(errno));
    config.host_fd = move_high(event, top - 2);
    config.fd = make_file(config.size, top - 1);
    map_region();
    write_config(o, seed);
    struct weave_region *r = REGION;
    r->next_cell = (WEAVE_BASE + sizeof *r + 4095) & ~4095ul;
    for (int i = 0; i < CANARIES; i++)
        *canaries[i] = WEAVE_MAGIC;
    atomic_store(&r->holder, WEAVE_NO_TASK);
    baton_new_run();
    return config.host_fd;
}

int host_region_fd(void)
{
    return config.fd;
}

void host_region_drop(void)
{
    if (!there)
        return;
    close(config.fd);
    close(config.host_fd);
    munmap((void *)WEAVE_BASE, config.size);
    there = false;
}

void host_region_adopt(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    memset(&config, 0, sizeof config);
    config.fd = fd;
    config.host_fd = -1;
    config.size = (uint64_t)size;
    if (size > (off_t)sizeof(struct weave_region))
        map_region();
}

/* ---- is it still what it was? */

static bool tasks_intact(void)
{
    const struct weave_region *r = REGION;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        const struct weave_task *t = &r->task[i];
        if (t->canary != WEAVE_MAGIC || t->state > TASK_DEAD || t->born >= r->n_spawned ||
            t->n_held > WEAVE_HELD)
            return false;
        if (t->thread && t->leader >= WEAVE_TASKS)
            return false;
    }
    return true;
}

bool host_region_intact(void)
{
    const struct weave_region *r = REGION;
    for (int i = 0; i < CANARIES; i++)
        if (*canaries[i] != WEAVE_MAGIC)
            return false;
    uint32_t holder = atomic_load(&r->holder), verdict = atomic_load(&r->verdict);
    return memcmp(&r->config, &config, sizeof config) == 0 &&
           (holder < WEAVE_TASKS || holder == WEAVE_NO_TASK) && verdict <= VERDICT_TAMPER &&
           r->n_tasks_high <= WEAVE_TASKS && r->n_spawned <= WEAVE_SPAWNED &&
           r->n_programs <= WEAVE_PROGRAMS && r->n_created <= WEAVE_CREATED && r->n_objects < WEAVE_OBJECTS &&
           r->n_tokens < WEAVE_TOKENS && r->n_sets < WEAVE_SETS && r->n_splits < WEAVE_SPLITS &&
           r->n_memories < WEAVE_MEMORIES && r->n_races <= WEAVE_RACES && r->n_troubles <= WEAVE_TROUBLES &&
           r->n_change <= WEAVE_DEPTH_MAX && r->n_sent <= WEAVE_SENT && tasks_intact();
}

/* A list of signals on their way. Its owner may be changing it: each step leads to a place in the table then
 * too. */
static bool list_sound(uint32_t first, uint32_t last)
{
    const struct weave_region *r = REGION;
    uint32_t i = first;
    for (uint32_t steps = 0; i && i < WEAVE_SENT && steps < 2 * WEAVE_SENT; steps++)
        i = r->sent[i].next;
    return !i && last < WEAVE_SENT;
}

static bool timers_sound(void)
{
    for (uint32_t i = 0; i < WEAVE_TIMERS; i++) {
        const struct weave_timer *t = &REGION->timer[i];
        if (t->owner > WEAVE_TASKS || t->to > WEAVE_TASKS || t->number < 0 || t->number > 64)
            return false;
    }
    return true;
}

bool host_region_sound(void)
{
    const struct weave_region *r = REGION;
    for (uint32_t i = 0; i < WEAVE_TASKS;
         i++) { /* those that are not in use yet too: a parent is any number */
        const struct weave_task *t = &r->task[i];
        if ((t->thread && t->leader >= WEAVE_TASKS) || !list_sound(t->own.first, t->own.last) ||
            !list_sound(t->group.first, t->group.last))
            return false;
    }
    return list_sound(r->free_sent, 0) && timers_sound() && host_region_intact();
}

void host_trouble(const char *code, int64_t value, const char *format, ...)
{
    struct weave_region *r = REGION;
    if (r->n_troubles >= WEAVE_TROUBLES)
        return;
    struct weave_trouble *t = &r->trouble[r->n_troubles];
    va_list args;
    va_start(args, format);
    snprintf(t->code, sizeof t->code, "%s", code);
    vsnprintf(t->text, sizeof t->text, format, args);
    va_end(args);
    t->place = t->place2 = t->born = 0;
    t->value = value;
    t->step = r->step;
    r->n_troubles++;
}

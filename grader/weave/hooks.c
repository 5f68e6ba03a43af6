/*
 * What the compiler calls at each access (-fsanitize=thread), and the check that it is ordered: FastTrack
 * (Flanagan and Freund 2009) over all tasks of the run. Nothing here is atomic: only the holder of the baton
 * gets here.
 *
 * An access is looked at only if it is to shared memory, or where private memory is watched too. The same
 * task's second access to a cell in one epoch costs a table look-up and a comparison.
 */
#include "shadow.h"
#include "thread.h"
#include <string.h>

bool weave_watching; /* accesses to some places are logged: no short cuts */

static inline bool ordered(uint32_t epoch)
{
    return (epoch & EPOCH_CLOCK) <= weave_self->clock.of[epoch_task(epoch)];
}

/* ---- races */

static struct weave_access described(uint32_t epoch, uint32_t place, bool write)
{
    struct weave_region *r = REGION;
    struct weave_access a = {
        .epoch = epoch, .place = place & ~PLACE_ATOMIC, .write = write, .atomic = place & PLACE_ATOMIC};
    uint32_t task = epoch_task(epoch), clock = epoch & EPOCH_CLOCK;
    for (uint32_t i = 0; i < r->n_spawned; i++)
        if (r->spawned[i].task == task && r->spawned[i].first_clock <= clock)
            a.born = i;
    if (weave_watching) /* only then is it known what was held */
        for (uint32_t i = 0; i < 2 * r->config.n_watched; i++)
            if (r->seen[task][i].place == a.place) {
                a.n_held = r->seen[task][i].n_held;
                memcpy(a.held, r->seen[task][i].held, sizeof a.held);
            }
    return a;
}

static void race(uintptr_t address, size_t size, struct weave_access first, bool write, uint32_t place)
{
    struct weave_region *r = REGION;
    uint32_t clean = place & ~PLACE_ATOMIC;
    for (uint32_t i = 0; i < r->n_races; i++) {
        const struct weave_race *old = &r->race[i];
        bool same = old->first.place == first.place && old->second.place == clean;
        bool swapped = old->first.place == clean && old->second.place == first.place;
        if (same || swapped)
            return;
    }
    if (r->n_races == WEAVE_RACES)
        return;
    struct weave_race *new = &r->race[r->n_races++];
    weave_key key = weave_key_of((void *)address);
    *new = (struct weave_race){.memory = key.kind == KIND_MEMORY ? (uint32_t)key.a : 0,
                               .offset = key.b,
                               .size = (uint32_t)size,
                               .step = r->step,
                               .first = first,
                               .second = described(weave_epoch, place, write)};
    new->second.n_held = weave_self->n_held;
    memcpy(new->second.held, weave_self->held, sizeof new->second.held);
}

struct checked { /* the access that is looked at */
    uintptr_t address;
    size_t size;
    bool write;
    uint32_t place; /* with PLACE_ATOMIC */
    bool may_skip;  /* private memory: where the tables are full it is not looked at any more */
};

/* ---- the tables: the first words of a free entry are the index of the next */

static uint32_t new_split(bool may_skip)
{
    struct weave_region *r = REGION;
    uint32_t i = r->free_split;
    if (i)
        r->free_split = r->split[i].byte[0].write;
    else if (r->n_splits + 1 < (may_skip ? WEAVE_SPLITS / 4 * 3 : WEAVE_SPLITS))
        i = ++r->n_splits;
    return i;
}

void weave_cell_clear(struct weave_cell *c)
{
    struct weave_region *r = REGION;
    if (c->write & EPOCH_FLAG) {
        uint32_t i = c->write_place;
        for (int b = 0; b < 4; b++)
            weave_cell_clear(&r->split[i].byte[b]);
        r->split[i].byte[0].write = r->free_split;
        r->free_split = i;
    }
    *c = (struct weave_cell){0};
}

static bool conflict(uint32_t place, uint32_t other)
{
    return !(place & other & PLACE_ATOMIC);
}

static void check_readers(struct weave_cell *c, const struct checked *a)
{
    const struct weave_readers *set = weave_readers_of(readers_of(c));
    for (uint32_t i = 0; set && i < REGION->n_tasks_high; i++)
        if (set->epoch[i] && !ordered(set->epoch[i]) && conflict(a->place, set->place[i]))
            race(a->address, a->size, described(set->epoch[i], set->place[i], false), true, a->place);
}

static void add_reader(struct weave_cell *c, uint32_t place)
{
    uint64_t readers = weave_add_reader(readers_of(c), place);
    c->read = (uint32_t)readers;
    c->read_place = (uint32_t)(readers >> 32);
}

/* One access to all bytes that the cell stands for. */
static void check(struct weave_cell *c, const struct checked *a)
{
    if (c->write && !ordered(c->write) && conflict(a->place, c->write_place))
        race(a->address, a->size, described(c->write, c->write_place, true), a->write, a->place);
    if (!a->write) {
        if (c->read &&
            (c->read & EPOCH_FLAG || !(epoch_task(c->read) == weave_number() || ordered(c->read)))) {
            add_reader(c, a->place);
        } else {
            c->read = weave_epoch;
            c->read_place = a->place;
        }
        return;
    }
    if (c->read & EPOCH_FLAG) {
        check_readers(c, a);
    } else if (c->read && !ordered(c->read) && conflict(a->place, c->read_place)) {
        race(a->address, a->size, described(c->read, c->read_place, false), true, a->place);
    }
    c->write = weave_epoch;
    c->write_place = a->place;
    c->read = c->read_place = 0;
}

static void check_bytes(struct weave_cell *c, unsigned from, unsigned to, const struct checked *a)
{
    struct weave_region *r = REGION;
    if (!(c->write & EPOCH_FLAG)) {
        uint32_t i = new_split(a->may_skip);
        if (!i && a->may_skip)
            return;
        if (!i)
            weave_stop(VERDICT_MEMORY, "too_many_bytes", a->place & ~PLACE_ATOMIC, "%s", "");
        for (int b = 0; b < 4; b++)
            r->split[i].byte[b] = *c;
        *c = (struct weave_cell){.write = EPOCH_FLAG, .write_place = i};
    }
    struct weave_split *s = &r->split[c->write_place];
    for (unsigned b = from; b < to; b++)
        check(&s->byte[b], a);
}

static void watch(const struct checked *a)
{
    struct weave_region *r = REGION;
    uint32_t place = a->place & ~PLACE_ATOMIC;
    bool logged = false;
    for (uint32_t i = 0; i < 2 * r->config.n_watched; i++) {
        if (r->config.watched[i / 2][i % 2] != place)
            continue;
        struct weave_access *seen = &r->seen[weave_number()][i];
        *seen = (struct weave_access){.place = place, .n_held = weave_self->n_held};
        memcpy(seen->held, weave_self->held, sizeof seen->held);
        if (!logged)
            weave_log(a->write ? LOG_WRITE : LOG_READ, OP_ACCESS, weave_key_of((void *)a->address),
                      (int64_t)a->size, place);
        logged = true;
    }
}

void weave_access(uintptr_t address, size_t size, bool write, bool atomic, uint32_t place)
{
    if (!weave_self || !REGION->config.detect)
        return;
    struct checked a = {address, size, write, place | (atomic ? PLACE_ATOMIC : 0), false};
    if (UNLIKELY(weave_watching))
        watch(&a);
    while (size) {
        unsigned from = address & 3, to = size < 4 - from ? from + (unsigned)size : 4;
        struct weave_cell *c = weave_cell_of(address);
        a.may_skip = !c;
        if (!c && !(weave_watch_private && (c = weave_private_cell(address))))
            return;
        if (from == 0 && to == 4 && !(c->write & EPOCH_FLAG))
            check(c, &a);
        else
            check_bytes(c, from, to, &a);
        address += to - from;
        size -= to - from;
    }
}

void weave_range(const void *pointer, size_t length, bool write, uint32_t place)
{
    if (!length || !weave_self)
        return;
    if (weave_cell_of((uintptr_t)pointer)) {
        weave_access((uintptr_t)pointer, length, write, false, place);
        if (--weave_budget <= 0)
            weave_point_access(place);
    } else if (UNLIKELY(weave_watch_private)) {
        weave_access_private(pointer, length, write, false, place);
    }
}

void weave_string(const char *s, uint32_t place)
{
    if (weave_self && s && (weave_watch_private || weave_cell_of((uintptr_t)s)))
        weave_range(s, strlen(s) + 1, false, place);
}

/* ---- the hooks */

enum { WRITES = 32, VOLATILE = 64 }; /* and the size, in one number */

/* Everything but the shortest ways. */
static __attribute__((noinline)) void look(uintptr_t address, uintptr_t caller, unsigned how)
{
    uint32_t place = (uint32_t)(caller - 1);
    size_t size = how & (WRITES - 1);
    if (weave_cell_of(address)) {
        if (UNLIKELY(weave_budget <= 0) && weave_self)
            weave_point_access(place);
        weave_access(address, size, how & WRITES, false, place);
    } else if (weave_watch_private) {
        weave_access_private((void *)address, size, how & WRITES, how & VOLATILE, place);
    }
}

/* What the same task did here in this epoch says it all: whoever conflicts with this conflicts with that. */
static inline bool known(const struct weave_cell *c, bool write)
{
    uint32_t epoch = weave_epoch;
    if (write)
        return c->write == epoch && (!c->read || c->read == epoch);
    return c->write == epoch || c->read == epoch || readers_of(c) == weave_known_readers;
}

/* No frame, no call where there is nothing to do: a program spends most of its time here. */
static inline __attribute__((always_inline)) void hook(uintptr_t address, unsigned how, uintptr_t caller)
{
    uintptr_t at = address - WEAVE_ARENA;
    size_t size = how & (WRITES - 1);
    if (at >= WEAVE_ARENA_SIZE) {
        if (UNLIKELY(weave_foreign | weave_watch_private))
            look(address, caller, how);
        return;
    }
    const struct weave_cell *c = (struct weave_cell *)weave_granules[at / WEAVE_GRANULE].cells;
    if (UNLIKELY(!c))
        return;
    c += at % WEAVE_GRANULE / 4;
    bool plain = (--weave_budget > 0) & !(address & 3) & !weave_watching;
    if (LIKELY(plain) && size == 4 && known(c, how & WRITES))
        return;
    if (LIKELY(plain) && size == 8 && known(c, how & WRITES) && known(c + 1, how & WRITES))
        return;
    look(address, caller, how);
}
#define CALLER ((uintptr_t)__builtin_return_address(0))

#define HOOKS(n)                                                                                             \
    void __tsan_read##n(void *p);                                                                            \
    void __tsan_write##n(void *p);                                                                           \
    void __tsan_volatile_read##n(void *p);                                                                   \
    void __tsan_volatile_write##n(void *p);                                                                  \
    void __tsan_unaligned_read##n(void *p);                                                                  \
    void __tsan_unaligned_write##n(void *p);                                                                 \
    void __tsan_unaligned_volatile_read##n(void *p);                                                         \
    void __tsan_unaligned_volatile_write##n(void *p);                                                        \
    void __tsan_read_write##n(void *p);                                                                      \
    void __tsan_unaligned_read_write##n(void *p);                                                            \
    void __tsan_read##n(void *p)                                                                             \
    {                                                                                                        \
        hook((uintptr_t)p, n, CALLER);                                                                       \
    }                                                                                                        \
    void __tsan_write##n(void *p)                                                                            \
    {                                                                                                        \
        hook((uintptr_t)p, n | WRITES, CALLER);                                                              \
    }                                                                                                        \
    void __tsan_volatile_read##n(void *p)                                                                    \
    {                                                                                                        \
        hook((uintptr_t)p, n | VOLATILE, CALLER);                                                            \
    }                                                                                                        \
    void __tsan_volatile_write##n(void *p)                                                                   \
    {                                                                                                        \
        hook((uintptr_t)p, n | WRITES | VOLATILE, CALLER);                                                   \
    }                                                                                                        \
    void __tsan_unaligned_read##n(void *p)                                                                   \
    {                                                                                                        \
        hook((uintptr_t)p, n, CALLER);                                                                       \
    }                                                                                                        \
    void __tsan_unaligned_write##n(void *p)                                                                  \
    {                                                                                                        \
        hook((uintptr_t)p, n | WRITES, CALLER);                                                              \
    }                                                                                                        \
    void __tsan_unaligned_volatile_read##n(void *p)                                                          \
    {                                                                                                        \
        hook((uintptr_t)p, n | VOLATILE, CALLER);                                                            \
    }                                                                                                        \
    void __tsan_unaligned_volatile_write##n(void *p)                                                         \
    {                                                                                                        \
        hook((uintptr_t)p, n | WRITES | VOLATILE, CALLER);                                                   \
    }                                                                                                        \
    void __tsan_read_write##n(void *p)                                                                       \
    {                                                                                                        \
        hook((uintptr_t)p, n, CALLER);                                                                       \
        hook((uintptr_t)p, n | WRITES, CALLER);                                                              \
    }                                                                                                        \
    void __tsan_unaligned_read_write##n(void *p)                                                             \
    {                                                                                                        \
        hook((uintptr_t)p, n, CALLER);                                                                       \
        hook((uintptr_t)p, n | WRITES, CALLER);                                                              \
    }

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_read_range(const void *p, unsigned long size);
void __tsan_write_range(const void *p, unsigned long size);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_vptr_update(void **p, void *value);
void __tsan_vptr_read(void **p);
void __tsan_init(void);

void __tsan_read_range(const void *p, unsigned long size)
{
    weave_range(p, size, false, PLACE);
}

void __tsan_write_range(const void *p, unsigned long size)
{
    weave_range(p, size, true, PLACE);
}

void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void)
{
}

void __tsan_vptr_update(void **p, void *value)
{
    (void)value;
    hook((uintptr_t)p, sizeof *p | WRITES, CALLER);
}

void __tsan_vptr_read(void **p)
{
    hook((uintptr_t)p, sizeof *p, CALLER);
}

void __tsan_init(void)
{
}

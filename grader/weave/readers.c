/*
 * The readers of a cell, where there are several since its last write.
 *
 * Sets are shared: all cells that the same tasks read at the same places in the same epochs have the same
 * set, so a swept array of any size needs as many sets as there were sweeps. A set is never changed: one with
 * a reader more is another set, found by a memo of what was added to what. The table is a ring: a set that
 * falls out of it is known by its generation, and whoever still refers to it has forgotten its readers: a
 * race may be missed, none is invented.
 */
#include "shadow.h"
#include <string.h>

__thread uint64_t weave_known_readers = NO_READERS;

const struct weave_readers *weave_readers_of(uint64_t readers)
{
    uint32_t generation = (uint32_t)readers & ~EPOCH_FLAG, i = (uint32_t)(readers >> 32);
    if (i >= WEAVE_SETS || REGION->readers[i].generation != generation)
        return NULL;
    return &REGION->readers[i];
}

static struct weave_memo *memo_of(uint64_t from, uint32_t place)
{
    uint64_t h = (from ^ (uint64_t)weave_epoch << 32 ^ place) * 0x9E3779B97F4A7C15u;
    return &REGION->memo[(h ^ h >> 31) % WEAVE_MEMO];
}

static uint64_t make(uint64_t from, uint32_t place)
{
    struct weave_region *r = REGION;
    uint32_t i = r->n_sets++ % WEAVE_SETS, me = weave_number();
    struct weave_readers *new = &r->readers[i];
    const struct weave_readers *old = from & EPOCH_FLAG ? weave_readers_of(from) : NULL;
    uint32_t generation = (new->generation + 1) & ~EPOCH_FLAG;
    if (old != new &&old)
        *new = *old;
    else if (!old)
        memset(new, 0, sizeof *new);
    if (!(from & EPOCH_FLAG)) {
        uint32_t other = epoch_task((uint32_t)from);
        new->epoch[other] = (uint32_t)from;
        new->place[other] = (uint32_t)(from >> 32);
    }
    new->epoch[me] = weave_epoch;
    new->place[me] = place;
    new->generation = generation;
    return (uint64_t)i << 32 | EPOCH_FLAG | generation;
}

uint64_t weave_add_reader(uint64_t from, uint32_t place)
{
    const struct weave_readers *set = from & EPOCH_FLAG ? weave_readers_of(from) : NULL;
    if (set && set->epoch[weave_number()] == weave_epoch)
        return weave_known_readers = from;
    struct weave_memo *m = memo_of(from, place);
    if (m->from != from || m->epoch != weave_epoch || m->place != place || !weave_readers_of(m->to))
        *m = (struct weave_memo){.from = from, .to = make(from, place), .epoch = weave_epoch, .place = place};
    return weave_known_readers = m->to;
}

/* The cells of memory: what lies where, and what the last accesses to it were. Everything is inline for
 * hooks.c. */
#ifndef WEAVE_SHADOW_H
#define WEAVE_SHADOW_H

#include "runtime.h"

struct granule {    /* of the arena, in this process */
    uint64_t cells; /* address of the cell of its first byte; 0: nothing is mapped */
    uint32_t memory;
};
extern struct granule weave_granules[WEAVE_ARENA_SIZE / WEAVE_GRANULE];
extern uint32_t weave_foreign; /* mappings of this process that lie outside the arena */

/* The cell of an address in the arena or in a foreign mapping; NULL: it is not shared memory. `memory` may be
 * NULL. */
struct weave_cell *weave_foreign_cell(uintptr_t address, uint32_t *memory);

static inline struct weave_cell *weave_cell_of(uintptr_t address)
{
    uintptr_t at = address - WEAVE_ARENA;
    if (UNLIKELY(at >= WEAVE_ARENA_SIZE))
        return UNLIKELY(weave_foreign) ? weave_foreign_cell(address, NULL) : NULL;
    uint64_t cells = weave_granules[at / WEAVE_GRANULE].cells;
    return cells ? (struct weave_cell *)cells + (at % WEAVE_GRANULE) / 4 : NULL;
}

/* ---- readers.c */

/* The set of a cell's readers, or NULL if it has been forgotten. */
const struct weave_readers *weave_readers_of(uint64_t readers);
/* What a cell's readers are after a read of this task. */
uint64_t weave_add_reader(uint64_t readers, uint32_t place);
/* The last set that has this task in its epoch; NO_READERS, which no cell has: there is none. */
extern __thread uint64_t weave_known_readers;
#define NO_READERS UINT64_MAX

/* One access of 1 to 16 bytes, or a range. */
void weave_access(uintptr_t address, size_t size, bool write, bool atomic, uint32_t place);

#endif

/*
 * Cells of private memory, watched while a process has more than one thread.
 *
 * Theory of operation. The cells lie in this process, 64 KiB of memory's at a time, found by a hash; what of
 * them is shared between bytes or readers is in the region's tables. They say nothing of the time before the
 * first thread: its creation orders that. They are forgotten when all threads are joined, in a child that has
 * been forked, and where memory changes hands: allocated, given back, the stack of a new thread.
 */
#include "handlers.h"
#include "shadow.h"
#include "thread.h"
#include <string.h>
#include <sys/mman.h>

bool weave_watch_private;

enum { TABLE = 1 << 15, CELLS = WEAVE_GRANULE / 4, SLAB = 64, FREED_MAX = 1024 };
struct piece {
    uintptr_t number; /* of the granule, + 1; 0: free */
    struct weave_cell *cells;
    uint32_t low, high; /* cells that may be in use */
};
static struct piece pieces[TABLE];
static uint32_t used[TABLE]; /* indices of those in use */
static uint32_t n_used;
static struct piece *last = pieces;
static struct weave_cell *slab[TABLE / SLAB];
static bool watching_threads;

static struct piece *look_for(uintptr_t number)
{
    uint32_t i = (uint32_t)(number * 0x9E3779B97F4A7C15u >> 40) % TABLE;
    while (pieces[i].number && pieces[i].number != number)
        i = (i + 1) % TABLE;
    return &pieces[i];
}

static struct weave_cell *new_cells(void)
{
    struct weave_cell **s = &slab[n_used / SLAB];
    size_t size = SLAB * CELLS * sizeof **s;
    if (!*s) {
        void *made =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made == MAP_FAILED)
            return NULL;
        madvise(made, size, MADV_DONTFORK); /* a child begins without threads */
        *s = made;
    }
    return *s + (size_t)(n_used % SLAB) * CELLS;
}

static struct piece *piece_of(uintptr_t address, bool make)
{
    uintptr_t number = address / WEAVE_GRANULE + 1;
    if (LIKELY(last->number == number))
        return last;
    struct piece *p = look_for(number);
    if (!p->number) {
        struct weave_cell *cells = make && n_used < TABLE / 4 * 3 ? new_cells() : NULL;
        if (!cells)
            return NULL;
        used[n_used++] = (uint32_t)(p - pieces);
        *p = (struct piece){.number = number, .cells = cells, .low = CELLS};
    }
    return last = p;
}

struct weave_cell *weave_private_cell(uintptr_t address)
{
    if (!watching_threads)
        return NULL;
    struct piece *p = piece_of(address, true);
    if (UNLIKELY(!p))
        return NULL;
    uint32_t i = (uint32_t)(address % WEAVE_GRANULE) / 4;
    if (i < p->low)
        p->low = i;
    if (i >= p->high)
        p->high = i + 1;
    return &p->cells[i];
}

void weave_private_on(void)
{
    if (watching_threads)
        return;
    weave_watch_private = watching_threads = true;
}

static void clear_piece(struct piece *p)
{
    for (uint32_t i = p->low; i < p->high; i++)
        if ((p->cells[i].write | p->cells[i].read) & EPOCH_FLAG)
            weave_cell_clear(&p->cells[i]);
    if (p->low < p->high)
        memset(&p->cells[p->low], 0, (p->high - p->low) * sizeof p->cells[0]);
}

void weave_private_off(void)
{
    if (!watching_threads)
        return;
    for (uint32_t i = 0; i < n_used; i++) {
        clear_piece(&pieces[used[i]]);
        pieces[used[i]] = (struct piece){0};
    }
    n_used = 0;
    watching_threads = false;
    weave_watch_private = weave_handlers_installed;
}

void weave_private_fork(void)
{
    for (uint32_t i = 0; i < n_used; i++)
        pieces[used[i]] = (struct piece){0};
    memset(slab, 0, sizeof slab); /* they were not copied, and what they have of the tables is the parent's */
    n_used = 0;
    watching_threads = false;
    weave_watch_private = weave_handlers_installed;
}

/* ---- memory that changes hands */

/* What of a range has cells, a granule at a time. */
static struct piece *part(uintptr_t *address, uintptr_t end, uint32_t *from, uint32_t *to)
{
    while (*address < end) {
        uintptr_t at = *address, next = (at / WEAVE_GRANULE + 1) * WEAVE_GRANULE;
        *address = next;
        struct piece *p = piece_of(at, false);
        if (!p)
            continue;
        *from = (uint32_t)(at % WEAVE_GRANULE) / 4;
        *to = next <= end ? CELLS : (uint32_t)(end % WEAVE_GRANULE + 3) / 4;
        *from = *from > p->low ? *from : p->low;
        *to = *to < p->high ? *to : p->high;
        if (*from < *to)
            return p;
    }
    return NULL;
}

void weave_private_clear(const void *pointer, size_t length)
{
    uintptr_t address = (uintptr_t)pointer, end = address + length;
    uint32_t from, to;
    if (!watching_threads)
        return;
    for (struct piece *p; (p = part(&address, end, &from, &to)) != NULL;)
        for (uint32_t i = from; i < to; i++)
            weave_cell_clear(&p->cells[i]);
}

void weave_private_free(const void *pointer, size_t length, uint32_t place)
{
    uintptr_t address = (uintptr_t)pointer, end = address + length;
    uint32_t from, to;
    if (!watching_threads || !weave_self)
        return;
    if (place && length <= FREED_MAX) {
        weave_access(address, length, true, false, place);
        return;
    }
    for (struct piece *p; (p = part(&address, end, &from, &to)) != NULL;)
        for (uint32_t i = from; i < to; i++) {
            struct weave_cell *c = &p->cells[i];
            if (place && (c->write || c->read))
                weave_access((p->number - 1) * WEAVE_GRANULE + i * 4ul, 4, true, false, place);
            else
                weave_cell_clear(c);
        }
}

/* ---- accesses */

static inline bool known(const struct weave_cell *c, bool write)
{
    uint32_t epoch = weave_epoch;
    return c->write == epoch ? !write || !c->read || c->read == epoch : !write && c->read == epoch;
}

void weave_access_private(const void *pointer, size_t length, bool write, bool is_volatile, uint32_t place)
{
    uintptr_t address = (uintptr_t)pointer;
    weave_handler_access(pointer, length, write, is_volatile, place);
    if (!watching_threads || !weave_self)
        return;
    if (--weave_budget <= 0)
        weave_point_access(place);
    if (!(address & 3) && (length == 4 || length == 8) && !weave_watching) {
        struct weave_cell *c = weave_private_cell(address);
        if (c && known(c, write) &&
            (length == 4 || (address % WEAVE_GRANULE != WEAVE_GRANULE - 4 && known(c + 1, write))))
            return;
    }
    weave_access(address, length, write, false, place);
}

/*
 * Shared mappings: which bytes of which kernel object lie where in this process.
 *
 * Theory of operation. Wrappers of mmap and shmat put shared mappings into an arena of addresses, a granule
 * of 64 KiB at least to each, so that the cell of an address is one table look-up. The cells belong to the
 * kernel's object (device and inode, segment's number) and its offset: two processes that map it at different
 * addresses, one after the other, or through two names, come to the same cells. A mapping that has to lie
 * elsewhere (MAP_FIXED) is found by a list, slowly.
 */
#include "shadow.h"
#include "thread.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAPPINGS = 1024 };
struct mapping {
    uintptr_t address;
    size_t length; /* 0: free */
    uint32_t memory;
    uint64_t offset;
    bool in_arena;
};

struct granule weave_granules[WEAVE_ARENA_SIZE / WEAVE_GRANULE];
uint32_t weave_foreign;
static struct mapping mappings[MAPPINGS]; /* of this process; a child has a copy, as it has the mappings */
static uintptr_t next_room = WEAVE_ARENA;

static size_t pages(size_t length)
{
    return (length + 4095) & ~4095ul;
}

/* ---- memories */

static uint32_t find_memory(enum weave_memory_kind kind, uint64_t dev, uint64_t ino)
{
    for (uint32_t i = 1; i <= REGION->n_memories; i++) {
        const struct weave_memory *m = &REGION->memory[i];
        if (m->kind == kind && m->dev == dev && m->ino == ino)
            return i;
    }
    return 0;
}

void weave_retire(enum weave_memory_kind kind, uint64_t dev, uint64_t ino)
{
    uint32_t i = find_memory(kind, dev, ino);
    if (i) { /* nobody maps it any more, or its number would not have been given again */
        REGION->memory[i].dev = UINT64_MAX;
        REGION->memory[i].ino = i;
    }
    if (kind == MEMORY_FILE)
        weave_forget((weave_key){.kind = KIND_INODE, .a = dev, .b = ino});
}

static uint32_t make_memory(const struct weave_memory *like)
{
    struct weave_region *r = REGION;
    uint64_t bytes = like->size * (sizeof(struct weave_cell) / 4);
    if (r->n_memories + 1 >= WEAVE_MEMORIES || r->next_cell + bytes > WEAVE_BASE + r->config.size)
        weave_stop(VERDICT_MEMORY, "too_much_shared_memory", like->made_place, "%s", "");
    uint32_t i = ++r->n_memories;
    r->memory[i] = *like;
    r->memory[i].cells = r->next_cell;
    r->memory[i].made_program = weave_self->program;
    r->memory[i].made_task = weave_number();
    r->next_cell += bytes;
    return i;
}

/* ---- mappings */

void *weave_room(size_t length)
{
    /* A granule is left free between two: what runs over the end of one meets no other's memory. */
    size_t need = (length + 2 * WEAVE_GRANULE - 1) / WEAVE_GRANULE * WEAVE_GRANULE;
    if (length > WEAVE_ARENA_SIZE || next_room + need > WEAVE_ARENA + WEAVE_ARENA_SIZE)
        return NULL;
    void *room = (void *)next_room;
    next_room += need;
    return room;
}

static void enter(struct mapping *m, bool there)
{
    if (!m->in_arena) {
        weave_foreign += there ? 1u : -1u;
        return;
    }
    const struct weave_memory *memory = &REGION->memory[m->memory];
    size_t first = (m->address - WEAVE_ARENA) / WEAVE_GRANULE;
    for (size_t i = 0; i * WEAVE_GRANULE < m->length; i++) {
        uint64_t cells = memory->cells + (m->offset + i * WEAVE_GRANULE) * (sizeof(struct weave_cell) / 4);
        weave_granules[first + i] = there ? (struct granule){cells, m->memory} : (struct granule){0, 0};
    }
}

void weave_map(void *address, size_t length, enum weave_memory_kind kind, uint64_t dev, uint64_t ino,
               uint64_t whole, uint64_t offset, const char *name, uint32_t place)
{
    length = pages(length);
    uint32_t memory = find_memory(kind, dev, ino);
    if (!memory) {
        /* A file may be mapped in larger pieces later: cells cost nothing until they are used. */
        uint64_t size = offset + length;
        if (kind == MEMORY_FILE)
            size = (whole > size ? whole : size) * 4 + (1u << 20);
        struct weave_memory m = {.dev = dev, .ino = ino, .size = size, .made_place = place, .kind = kind};
        snprintf(m.name, sizeof m.name, "%s", name ? name : "");
        memory = make_memory(&m);
    }
    if (offset + length > REGION->memory[memory].size)
        weave_stop(VERDICT_MEMORY, "too_much_shared_memory", place, "%s", "");
    uintptr_t at = (uintptr_t)address - WEAVE_ARENA;
    bool in_arena = at < WEAVE_ARENA_SIZE && at % WEAVE_GRANULE == 0;
    for (int i = 0; i < MAPPINGS; i++)
        if (!mappings[i].length) {
            mappings[i] = (struct mapping){(uintptr_t)address, length, memory, offset, in_arena};
            enter(&mappings[i], true);
            return;
        }
    weave_stop(VERDICT_MEMORY, "too_much_shared_memory", place, "%s", "");
}

size_t weave_mapped_length(const void *address)
{
    for (int i = 0; i < MAPPINGS; i++)
        if (mappings[i].length && mappings[i].address == (uintptr_t)address)
            return mappings[i].length;
    return 0;
}

void weave_unmap(void *address, size_t length)
{
    uintptr_t from = (uintptr_t)address, to = from + pages(length);
    for (int i = 0; i < MAPPINGS; i++) {
        struct mapping *m = &mappings[i];
        if (!m->length || m->address >= to || m->address + m->length <= from)
            continue;
        if (from <= m->address && m->address + m->length <= to) {
            enter(m, false);
            m->length = 0;
        } else if (from <= m->address) { /* its beginning goes */
            size_t cut = to - m->address;
            enter(m, false);
            m->address += cut;
            m->offset += cut;
            m->length -= cut;
            m->in_arena = m->in_arena && cut % WEAVE_GRANULE == 0;
            enter(m, true);
        } else if (to >= m->address + m->length) {
            enter(m, false);
            m->length = from - m->address;
            enter(m, true);
        } /* a hole in the middle: accesses to it fault anyway */
    }
}

static const struct mapping *mapping_of(uintptr_t address)
{
    for (int i = 0; i < MAPPINGS; i++)
        if (mappings[i].length && address - mappings[i].address < mappings[i].length)
            return &mappings[i];
    return NULL;
}

struct weave_cell *weave_foreign_cell(uintptr_t address, uint32_t *memory)
{
    const struct mapping *m = mapping_of(address);
    if (!m)
        return NULL;
    if (memory)
        *memory = m->memory;
    return (struct weave_cell *)REGION->memory[m->memory].cells + (m->offset + (address - m->address)) / 4;
}

weave_key weave_key_of(const void *pointer)
{
    uintptr_t address = (uintptr_t)pointer, at = address - WEAVE_ARENA;
    uint32_t memory = 0;
    const struct weave_cell *cell = NULL;
    if (LIKELY(at < WEAVE_ARENA_SIZE)) {
        memory = weave_granules[at / WEAVE_GRANULE].memory;
        cell = memory ? weave_cell_of(address) : NULL;
    } else if (weave_foreign) {
        cell = weave_foreign_cell(address, &memory);
    }
    if (!cell)
        return (weave_key){.kind = KIND_PRIVATE, .a = weave_self->space, .b = address};
    uint64_t offset = ((uint64_t)cell - REGION->memory[memory].cells) / (sizeof(struct weave_cell) / 4);
    return (weave_key){.kind = KIND_MEMORY, .a = memory, .b = offset + address % 4};
}

weave_key weave_key_inode(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return (weave_key){0};
    return (weave_key){.kind = KIND_INODE, .a = st.st_dev, .b = st.st_ino};
}

bool weave_own_fd(int fd)
{
    return weave_self && fd >= 0 && (fd == REGION->config.fd || fd == REGION->config.host_fd);
}

/* ---- what programs call */

static void *map(void *wanted, size_t length, int protection, int flags, int fd, off_t offset, uint32_t place)
{
    bool shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    if (weave_on() && (flags & MAP_FIXED))
        weave_unmap(wanted, length);
    if (!weave_on() || !shared || length == 0 || length > WEAVE_ARENA_SIZE) {
        void *private = mmap(wanted, length, protection, flags, fd, offset);
        if (private != MAP_FAILED)
            weave_private_clear(private, length); /* what lay there before was other memory */
        return private;
    }
    struct stat st = {0};
    bool anonymous = flags & MAP_ANONYMOUS;
    if (!anonymous && fstat(fd, &st) != 0)
        return mmap(wanted, length, protection, flags, fd, offset);
    void *room = fixed ? NULL : weave_room(length);
    void *made = room ? mmap(room, length, protection, flags | MAP_FIXED_NOREPLACE, fd, offset)
                      : mmap(wanted, length, protection, flags, fd, offset);
    if (made == MAP_FAILED)
        return made;
    if (anonymous)
        weave_map(made, length, MEMORY_ANONYMOUS, 0, ++REGION->anonymous, length, 0, "", place);
    else if (S_ISREG(st.st_mode))
        weave_map(made, length, MEMORY_FILE, st.st_dev, st.st_ino, (uint64_t)st.st_size, (uint64_t)offset, "",
                  place);
    return made;
}

void *__wrap_mmap(void *wanted, size_t length, int protection, int flags, int fd, off_t offset)
{
    return map(wanted, length, protection, flags, fd, offset, PLACE);
}

void *__wrap_mmap64(void *wanted, size_t length, int protection, int flags, int fd, off_t offset)
{
    return map(wanted, length, protection, flags, fd, offset, PLACE);
}

int __wrap_munmap(void *address, size_t length)
{
    int result = munmap(address, length);
    if (result == 0 && weave_on())
        weave_unmap(address, length);
    return result;
}

void *__wrap_mremap(void *old, size_t old_length, size_t length, int flags, void *wanted)
{
    if (!weave_on() || !mapping_of((uintptr_t)old))
        return mremap(old, old_length, length, flags, wanted);
    struct mapping m = *mapping_of((uintptr_t)old);
    bool fixed = flags & MREMAP_FIXED;
    void *room = fixed || !(flags & MREMAP_MAYMOVE) ? NULL : weave_room(length);
    void *made = room ? mremap(old, old_length, length, flags | MREMAP_FIXED, room)
                      : mremap(old, old_length, length, flags, wanted);
    if (made == MAP_FAILED)
        return made;
    struct weave_memory memory = REGION->memory[m.memory];
    weave_unmap(old, old_length);
    weave_map(made, length, memory.kind, memory.dev, memory.ino, m.offset + length, m.offset, memory.name,
              PLACE);
    return made;
}

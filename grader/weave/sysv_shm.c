/*
 * System V shared memory. Cells belong to the segment's number; a segment has one joined clock beside them,
 * for those who look at how many have it attached.
 */
#include "runtime.h"
#include <errno.h>
#include <sys/shm.h>

#define NAMES UINT64_MAX /* as a segment: which ones there are */

/* value, limit and note: the virtual times of the last attach, detach and change. */
static struct weave_object *segment_of(uint64_t id, uint32_t place)
{
    return weave_object((weave_key){.kind = KIND_INODE, .b = id}, "shared memory segment", place);
}

int __wrap_shmget(key_t key, size_t size, int flags)
{
    if (!weave_on())
        return shmget(key, size, flags);
    weave_point(OP_SHMGET, (weave_key){.kind = KIND_NONE}, PLACE);
    bool made = key == IPC_PRIVATE || flags & IPC_CREAT;
    int id = shmget(key, size, made ? flags | IPC_EXCL : flags);
    if (id < 0 && errno == EEXIST && made && !(flags & IPC_EXCL)) {
        made = false;
        id = shmget(key, size, flags);
    }
    if (id < 0) {
        weave_acquire(segment_of(NAMES, PLACE));
        return id;
    }
    struct weave_object *segment = segment_of((uint32_t)id, PLACE);
    if (!made) {
        weave_acquire(segment);
        return id;
    }
    weave_created(CREATED_SYSV_SHM, (uint32_t)id, NULL);
    weave_retire(MEMORY_SYSV, 0, (uint32_t)id);
    weave_forget(segment->key);
    segment->note = weave_now();
    segment->made_place = PLACE;
    weave_release(segment);
    weave_release(segment_of(NAMES, PLACE));
    return id;
}

void *__wrap_shmat(int id, const void *wanted, int flags)
{
    struct shmid_ds ds;
    if (!weave_on())
        return shmat(id, wanted, flags);
    struct weave_object *segment = segment_of((uint32_t)id, PLACE);
    weave_point(OP_SHM_ATTACH, segment->key, PLACE);
    bool known = shmctl(id, IPC_STAT, &ds) == 0;
    void *room = wanted || !known ? NULL : weave_room(ds.shm_segsz);
    void *made = shmat(id, room ? room : wanted, flags);
    if (made == (void *)-1)
        return made;
    if (known)
        weave_map(made, ds.shm_segsz, MEMORY_SYSV, 0, (uint32_t)id, ds.shm_segsz, 0, "", PLACE);
    segment->value = weave_now();
    weave_release(segment);
    weave_wake(segment->key);
    return made;
}

int __wrap_shmdt(const void *address)
{
    if (!weave_on())
        return shmdt(address);
    weave_key key = weave_key_of(address);
    struct weave_object *segment = NULL;
    if (key.kind == KIND_MEMORY && REGION->memory[key.a].kind == MEMORY_SYSV)
        segment = segment_of(REGION->memory[key.a].ino, PLACE);
    weave_point(OP_SHM_DETACH, segment ? segment->key : key, PLACE);
    int result = shmdt(address);
    if (result != 0)
        return result;
    weave_unmap((void *)(uintptr_t)address, weave_mapped_length(address));
    if (segment) {
        segment->limit = weave_now();
        weave_release(segment);
        weave_wake(segment->key);
    }
    return 0;
}

static time_t time_of(uint64_t ns)
{
    return (time_t)((WEAVE_TIME_ZERO + ns) / 1000000000u);
}

/* How many have it attached was seen: those that ended do not any more. */
static void see(int id, struct shmid_ds *ds, uint32_t place)
{
    const struct weave_object *segment = segment_of((uint32_t)id, place);
    weave_range(ds, sizeof *ds, true, place);
    weave_acquire(segment);
    weave_acquire_clock(&REGION->ended);
    ds->shm_atime = ds->shm_atime ? time_of(segment->value) : 0;
    ds->shm_dtime = ds->shm_dtime ? time_of(segment->limit) : 0;
    ds->shm_ctime = time_of(segment->note);
}

int __wrap_shmctl(int id, int command, struct shmid_ds *ds)
{
    if (!weave_on())
        return shmctl(id, command, ds);
    struct weave_object *segment = segment_of((uint32_t)id, PLACE);
    weave_point(OP_SHMCTL, segment->key, PLACE);
    int result = shmctl(id, command, ds);
    if (result < 0)
        return result;
    switch (command) {
    case IPC_RMID:
        /* Its memory lives on under its number while somebody has it attached; no other gets the number. */
        weave_removed(CREATED_SYSV_SHM, (uint32_t)id, NULL);
        weave_release(segment);
        weave_release(segment_of(NAMES, PLACE));
        break;
    case IPC_STAT:
        see(id, ds, PLACE);
        break;
    case IPC_SET:
        weave_range(ds, sizeof *ds, false, PLACE);
        segment->note = weave_now();
        break;
    case IPC_INFO:
        weave_range(ds, sizeof(struct shminfo), true, PLACE);
        break;
    case SHM_INFO:
        weave_range(ds, sizeof(struct shm_info), true, PLACE);
        break;
    case SHM_STAT:
        weave_range(ds, sizeof *ds, true, PLACE);
        break;
    default:
        break;
    }
    return result;
}

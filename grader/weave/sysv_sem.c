/*
 * System V semaphores.
 *
 * Theory of operation. The kernel does the operations, never waiting (IPC_NOWAIT). What could not be done
 * waits for the first semaphore of the array that stood in the way: nothing but a change of that one can let
 * it on. The units of a semaphore carry clocks (units.h). Beside them each has a joined clock of all who took
 * units, for those who wait for zero or look at the value, and another object for whoever set its value:
 * those units have no giver, but being set happens before being used. SEM_UNDO is done by the kernel when a
 * process ends, and shows as a value that differs from ours; the difference comes from those who have ended.
 */
#include "units.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/sem.h>

enum { OPS_MAX = 500 };   /* Linux's SEMOPM */
#define WHOLE  UINT32_MAX /* as a number: the set itself, with the clock of who made or removed it */
#define SETTER (1ul << 32)
#define NAMES  UINT64_MAX /* as a set: which ones there are */

union argument { /* semctl(2) */
    int value;
    struct semid_ds *ds;
    unsigned short *array;
    struct seminfo *info;
};

static weave_key key_of(int id, uint64_t number)
{
    return (weave_key){.kind = KIND_SEM_SET, .a = (uint32_t)id, .b = number};
}

static struct weave_object *object_of(int id, uint64_t number, uint32_t place)
{
    return weave_object(key_of(id, number), "System V semaphore", place);
}

static struct weave_object *names(uint32_t place)
{
    return weave_object((weave_key){.kind = KIND_SEM_SET, .a = NAMES}, "System V semaphores", place);
}

static int value_of(int id, unsigned number)
{
    int e = errno;
    int value = semctl(id, (int)number, GETVAL);
    errno = e;
    return value;
}

/* Units that the kernel gave or took back when a process ended. */
static void settle(int id, struct weave_object *o, unsigned number, uint32_t place)
{
    if (!o->limit) /* SEM_UNDO was never used on it */
        return;
    int value = value_of(id, number);
    uint64_t ours = units_count(o);
    if (value < 0 || (uint64_t)value == ours)
        return;
    if ((uint64_t)value > ours)
        o->value += (uint64_t)value - ours;
    else
        units_take(o, ours - (uint64_t)value);
    weave_acquire_clock(&REGION->ended);
    weave_release(object_of(id, number | SETTER, place));
    weave_release(o);
}

static void wake_set(int id)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_wait *w = &REGION->task[i].wait;
        if (w->key.kind == KIND_SEM_SET && w->key.a == (uint32_t)id)
            weave_wake(w->key);
    }
}

static void wake(int id, unsigned number)
{
    weave_wake(key_of(id, number));
    weave_wake(key_of(id, WHOLE)); /* those that may not read the values */
}

/* ---- operations */

struct call {
    int id;
    const struct sembuf *ops;
    unsigned n;
    uint64_t deadline;
    uint32_t place;
    enum weave_op op;
};

/* All operations of a call are one: first whatever happened before them, then what they happen before. */
static void before(const struct call *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        const struct sembuf *s = &c->ops[i];
        struct weave_object *o = object_of(c->id, s->sem_num, c->place);
        const struct weave_object *setter = weave_find(key_of(c->id, s->sem_num | SETTER));
        if (setter)
            weave_acquire(setter);
        if (s->sem_op < 0)
            units_take(o, (uint64_t)-s->sem_op);
        else if (s->sem_op == 0)
            weave_acquire(o);
    }
}

static void after(const struct call *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        const struct sembuf *s = &c->ops[i];
        struct weave_object *o = object_of(c->id, s->sem_num, c->place);
        o->last_place = c->place;
        if (s->sem_flg & SEM_UNDO)
            o->limit = 1;
        if (s->sem_op < 0) {
            weave_hold(o->key, c->place);
            weave_release(o);
        } else if (s->sem_op > 0) {
            weave_drop(o->key);
            units_give(o, (uint64_t)s->sem_op, c->place);
        }
        if (s->sem_op)
            wake(c->id, s->sem_num);
    }
    object_of(c->id, WHOLE, c->place)->value = weave_now();
}

/* The first operation that cannot be done; n: unknown. */
static unsigned first_in_the_way(const struct call *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        long value = value_of(c->id, c->ops[i].sem_num);
        if (value < 0)
            return c->n;
        for (unsigned k = 0; k < i; k++)
            if (c->ops[k].sem_num == c->ops[i].sem_num)
                value += c->ops[k].sem_op;
        if (c->ops[i].sem_op ? value + c->ops[i].sem_op < 0 : value != 0)
            return i;
    }
    return c->n;
}

static int give_way(const struct call *c)
{
    unsigned i = first_in_the_way(c);
    enum weave_op op = i < c->n && c->ops[i].sem_op == 0 ? OP_SEMOP_ZERO : OP_SEMOP_TAKE;
    if (c->ops[i < c->n ? i : 0].sem_flg & IPC_NOWAIT)
        return EAGAIN;
    int e = weave_block(op, key_of(c->id, i < c->n ? c->ops[i].sem_num : WHOLE), c->deadline, c->place);
    weave_self->wait.op = (uint16_t)c->op; /* GETNCNT counts those that wait */
    if (e == 0 && weave_self->wait.interrupted)
        return EINTR; /* with SA_RESTART too (signal(7)) */
    return e == ETIMEDOUT ? EAGAIN : e;
}

static int operate(const struct call *c)
{
    struct sembuf tries[OPS_MAX];
    if (c->n == 0 || c->n > OPS_MAX)
        return semop(c->id, (struct sembuf *)(uintptr_t)c->ops, c->n);
    weave_range(c->ops, c->n * sizeof *c->ops, false, c->place);
    weave_point(c->op, key_of(c->id, c->ops[0].sem_num), c->place);
    for (unsigned i = 0; i < c->n; i++) {
        tries[i] = c->ops[i];
        tries[i].sem_flg |= IPC_NOWAIT;
    }
    for (bool waited = false;; waited = true) {
        for (unsigned i = 0; i < c->n; i++) {
            struct weave_object *o = weave_find(key_of(c->id, c->ops[i].sem_num));
            if (o)
                settle(c->id, o, c->ops[i].sem_num, c->place);
        }
        if (semop(c->id, tries, c->n) == 0) {
            before(c);
            after(c);
            return 0;
        }
        if (waited && (errno == EINVAL || errno == EIDRM)) {
            weave_acquire(object_of(c->id, WHOLE, c->place));
            errno = EIDRM;
        }
        int e = errno == EAGAIN ? give_way(c) : errno;
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int __wrap_semop(int id, struct sembuf *ops, size_t n)
{
    struct call c = {id, ops, n > OPS_MAX ? OPS_MAX + 1 : (unsigned)n, WEAVE_NO_TIME, PLACE, OP_SEMOP};
    return weave_on() ? operate(&c) : semop(id, ops, n);
}

int __wrap_semtimedop(int id, struct sembuf *ops, size_t n, const struct timespec *timeout)
{
    if (!weave_on())
        return semtimedop(id, ops, n, timeout);
    struct call c = {id, ops, n > OPS_MAX ? OPS_MAX + 1 : (unsigned)n, WEAVE_NO_TIME, PLACE, OP_SEMTIMEDOP};
    if (timeout) {
        if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000) {
            errno = EINVAL;
            return -1;
        }
        c.deadline = weave_deadline_in(timeout);
    }
    return operate(&c);
}

/* ---- control */

int __wrap_semget(key_t key, int n, int flags)
{
    if (!weave_on())
        return semget(key, n, flags);
    weave_point(OP_SEMGET, (weave_key){.kind = KIND_NONE}, PLACE);
    bool made = key == IPC_PRIVATE || flags & IPC_CREAT;
    int id = semget(key, n, made ? flags | IPC_EXCL : flags);
    if (id < 0 && errno == EEXIST && made && !(flags & IPC_EXCL)) {
        made = false;
        id = semget(key, n, flags);
    }
    if (id < 0) {
        weave_acquire(names(PLACE));
        return id;
    }
    struct weave_object *whole = object_of(id, WHOLE, PLACE);
    if (!made) {
        weave_acquire(whole);
        return id;
    }
    weave_created(CREATED_SYSV_SEM, (uint32_t)id, NULL);
    weave_forget(whole->key); /* a set of the same number may have been there before */
    for (int i = 0; i < n; i++) {
        weave_forget(key_of(id, (unsigned)i));
        weave_forget(key_of(id, (unsigned)i | SETTER));
    }
    whole->value = whole->limit = weave_now();
    whole->made_place = PLACE;
    weave_release(whole);
    weave_release(names(PLACE));
    return id;
}

static void set(int id, unsigned number, int value, uint32_t place)
{
    struct weave_object *o = object_of(id, number, place);
    units_set(o, (uint64_t)value);
    weave_release(object_of(id, number | SETTER, place));
    weave_release(o); /* for those who wait for zero */
    weave_drop(o->key);
    o->limit = 0; /* the kernel forgets what was to be undone */
    o->last_place = place;
    wake(id, number);
}

static void see(int id, unsigned number, uint32_t place)
{
    struct weave_object *o = object_of(id, number, place);
    const struct weave_object *setter = weave_find(key_of(id, number | SETTER));
    settle(id, o, number, place);
    units_see(o);
    if (setter)
        weave_acquire(setter);
}

static void see_all(int id, unsigned n, uint32_t place)
{
    weave_acquire(object_of(id, WHOLE, place));
    for (unsigned i = 0; i < n; i++)
        if (weave_find(key_of(id, i)))
            see(id, i, place);
}

/* How many wait: nobody sleeps in the kernel. Those that were woken and will find what they want wait no
 * longer. */
static int waiters(int id, unsigned number, enum weave_op op)
{
    weave_key key = key_of(id, number);
    int n = 0, value = value_of(id, number);
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_task *t = &REGION->task[i];
        n += (t->state == TASK_BLOCKED || t->state == TASK_READY) && t->wait.op == op &&
             weave_same_key(&t->wait.key, &key);
    }
    if (op == OP_SEMOP_ZERO)
        return value == 0 ? 0 : n;
    return n > value ? n - (value > 0 ? value : 0) : 0;
}

static unsigned size_of(int id)
{
    struct semid_ds ds;
    union argument a = {.ds = &ds};
    return semctl(id, 0, IPC_STAT, a) == 0 ? (unsigned)ds.sem_nsems : 0;
}

/* Virtual times for real ones. */
static void retime(int id, struct semid_ds *ds, uint32_t place)
{
    const struct weave_object *whole = object_of(id, WHOLE, place);
    if (ds->sem_otime)
        ds->sem_otime = (time_t)((WEAVE_TIME_ZERO + whole->value) / 1000000000u);
    ds->sem_ctime = (time_t)((WEAVE_TIME_ZERO + whole->limit) / 1000000000u);
}

/* The edges of a command that has been done. */
static void controlled(int id, int number, int command, union argument a, uint32_t place)
{
    unsigned n = command == IPC_RMID ? 0 : size_of(id);
    switch (command) {
    case IPC_RMID:
        weave_removed(CREATED_SYSV_SEM, (uint32_t)id, NULL);
        weave_release(object_of(id, WHOLE, place));
        weave_release(names(place));
        wake_set(id);
        break;
    case SETVAL:
        set(id, (unsigned)number, a.value, place);
        break;
    case SETALL:
        weave_range(a.array, n * sizeof *a.array, false, place);
        for (unsigned i = 0; i < n; i++)
            set(id, i, a.array[i], place);
        break;
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
        see(id, (unsigned)number, place);
        break;
    case GETALL:
        weave_range(a.array, n * sizeof *a.array, true, place);
        see_all(id, n, place);
        break;
    case IPC_STAT:
        weave_range(a.ds, sizeof *a.ds, true, place);
        see_all(id, n, place);
        retime(id, a.ds, place);
        break;
    case IPC_SET:
        weave_range(a.ds, sizeof *a.ds, false, place);
        break;
    case IPC_INFO:
    case SEM_INFO:
        weave_range(a.info, sizeof *a.info, true, place);
        break;
    case SEM_STAT:
        weave_range(a.ds, sizeof *a.ds, true, place);
        break;
    default:
        break;
    }
    if (command == IPC_SET || command == SETVAL || command == SETALL)
        object_of(id, WHOLE, place)->limit = weave_now();
}

int __wrap_semctl(int id, int number, int command, ...)
{
    va_list list;
    va_start(list, command);
    union argument a = va_arg(list, union argument);
    va_end(list);
    if (!weave_on())
        return semctl(id, number, command, a);
    weave_point(OP_SEMCTL, key_of(id, number < 0 ? 0 : (unsigned)number), PLACE);
    int result = semctl(id, number, command, a);
    if (result < 0)
        return result;
    controlled(id, number, command, a, PLACE);
    if (command == GETNCNT)
        return waiters(id, (unsigned)number, OP_SEMOP_TAKE);
    return command == GETZCNT ? waiters(id, (unsigned)number, OP_SEMOP_ZERO) : result;
}

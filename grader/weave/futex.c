/*
 * System calls by number. Futexes are modelled: waiters stand in a line of their key, timeouts are virtual.
 * Numbers that do no harm are passed on, those that have a wrapper are sent to it, and any other ends the
 * run: what it does would be neither scheduled nor seen.
 */
#include "shadow.h"
#include "thread.h"
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARGS = 6 };

/* ---- futexes */

/* With FUTEX_PRIVATE_FLAG only threads of one process meet, wherever the word lies (futex(2)). */
static weave_key line_of(const uint32_t *word, int op)
{
    if (op & FUTEX_PRIVATE_FLAG)
        return (weave_key){.kind = KIND_PRIVATE, .a = weave_self->space, .b = (uintptr_t)word};
    return weave_key_of(word);
}

static bool deadline_of(int op, const struct timespec *at, uint64_t *deadline)
{
    *deadline = WEAVE_NO_TIME;
    if (!at)
        return true;
    if (at->tv_sec < 0 || at->tv_nsec < 0 || at->tv_nsec >= 1000000000)
        return false;
    if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
        *deadline = weave_deadline_in(at);
    else
        *deadline = weave_deadline_at(op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, at);
    return true;
}

/* The kernel reads the word as an atomic load does. */
static uint32_t look_at(uint32_t *word, uint32_t place)
{
    struct weave_object *o = weave_object(weave_key_of(word), "futex", place);
    weave_access((uintptr_t)word, sizeof *word, false, true, place);
    weave_acquire(o);
    o->last_place = place;
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static long wait_on(uint32_t *word, int op, uint32_t value, const struct timespec *at, uint32_t bits,
                    uint32_t place)
{
    weave_key line = line_of(word, op);
    uint64_t deadline;
    weave_point(OP_FUTEX_WAIT, line, place);
    int e = bits && deadline_of(op, at, &deadline) ? 0 : EINVAL;
    if (e == 0 && look_at(word, place) != value)
        e = EAGAIN;
    if (e == 0) {
        weave_queue_enter(line, bits);
        e = weave_queue_wait(OP_FUTEX_WAIT, deadline, false, place);
    }
    errno = e ? e : errno;
    return e ? -1 : 0;
}

static long wake(uint32_t *word, int op, int most, uint32_t bits, uint32_t place)
{
    weave_key line = line_of(word, op);
    long n = 0;
    weave_point(OP_FUTEX_WAKE, line, place);
    if (!bits) {
        errno = EINVAL;
        return -1;
    }
    if (most < 1) /* the kernel wakes one even then */
        most = 1;
    while (n < most && weave_queue_grant(line, bits))
        n++;
    return n;
}

static long requeue(uint32_t *word, int op, const long *a, uint32_t place)
{
    weave_key from = line_of(word, op), to = line_of((uint32_t *)a[4], op);
    bool compared = (op & FUTEX_CMD_MASK) == FUTEX_CMP_REQUEUE;
    long woken = 0, moved = 0;
    weave_point(OP_FUTEX_WAKE, from, place);
    if ((int)a[2] < 0 || (int)a[3] < 0 || (compared && look_at(word, place) != (uint32_t)a[5])) {
        errno = (int)a[2] < 0 || (int)a[3] < 0 ? EINVAL : EAGAIN;
        return -1;
    }
    while (woken < (int)a[2] && weave_queue_grant(from, UINT32_MAX))
        woken++;
    while (moved < (int)a[3] && !weave_same_key(&from, &to) && weave_queue_move(from, to))
        moved++;
    return compared ? woken + moved : woken;
}

static long futex(const long *a, uint32_t place)
{
    uint32_t *word = (uint32_t *)a[0];
    int op = (int)a[1];
    if ((uintptr_t)word % sizeof *word != 0) {
        errno = EINVAL;
        return -1;
    }
    switch (op & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        return wait_on(word, op, (uint32_t)a[2], (const struct timespec *)a[3], UINT32_MAX, place);
    case FUTEX_WAIT_BITSET:
        return wait_on(word, op, (uint32_t)a[2], (const struct timespec *)a[3], (uint32_t)a[5], place);
    case FUTEX_WAKE:
        return wake(word, op, (int)a[2], UINT32_MAX, place);
    case FUTEX_WAKE_BITSET:
        return wake(word, op, (int)a[2], (uint32_t)a[5], place);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return requeue(word, op, a, place);
    default:
        weave_stop(VERDICT_UNCONTROLLED, "raw_system_call", place, "futex operation %d", op);
    }
}

/* ---- the table */

#define SENT(name, wide)                                                                                     \
    {                                                                                                        \
        SYS_##name, #name, wide, (void (*)(void))__wrap_##name                                               \
    }
#define OURS(name) __attribute__((weak)) void __wrap_##name(void)
OURS(read);
OURS(write);
OURS(open);
OURS(openat);
OURS(close);
OURS(pipe);
OURS(pipe2);
OURS(dup);
OURS(dup2);
OURS(dup3);
OURS(lseek);
OURS(mmap);
OURS(munmap);
OURS(fork);
OURS(vfork);
OURS(execve);
OURS(kill);
OURS(pause);
OURS(nanosleep);
OURS(clock_gettime);
OURS(sched_yield);
OURS(shmget);
OURS(shmat);
OURS(shmdt);
OURS(shmctl);
OURS(semget);
OURS(semop);
OURS(msgget);
OURS(msgsnd);
OURS(msgrcv);
OURS(msgctl);
OURS(wait4);
OURS(ftruncate);
OURS(flock);
OURS(socket);
OURS(getrandom);

/* Wrappers whose C function takes what the system call takes; those of other parts may not be there. */
static const struct sent {
    long number;
    const char *name;
    bool wide; /* it returns a long or a pointer, not an int */
    void (*wrapper)(void);
} sent[] = {
    SENT(read, true),         SENT(write, true),   SENT(open, false),      SENT(openat, false),
    SENT(close, false),       SENT(pipe, false),   SENT(pipe2, false),     SENT(dup, false),
    SENT(dup2, false),        SENT(dup3, false),   SENT(lseek, true),      SENT(mmap, true),
    SENT(munmap, false),      SENT(fork, false),   SENT(vfork, false),     SENT(execve, false),
    SENT(kill, false),        SENT(pause, false),  SENT(nanosleep, false), SENT(clock_gettime, false),
    SENT(sched_yield, false), SENT(shmget, false), SENT(shmat, true),      SENT(shmdt, false),
    SENT(shmctl, false),      SENT(semget, false), SENT(semop, false),     SENT(msgget, false),
    SENT(msgsnd, false),      SENT(msgrcv, true),  SENT(msgctl, false),    SENT(wait4, false),
    SENT(ftruncate, false),   SENT(flock, false),  SENT(socket, false),    SENT(getrandom, true),
};

static const long harmless[] = {
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getpgid,
    SYS_getpgrp,
    SYS_getsid,
    SYS_getcwd,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrlimit,
    SYS_prlimit64,
    SYS_getpriority,
    SYS_setpriority,
    SYS_umask,
    SYS_getrusage,
    SYS_memfd_create,
    SYS_fstat,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_sched_setaffinity,
    SYS_sched_getaffinity,
    SYS_getcpu,
    SYS_mprotect,
    SYS_madvise,
    SYS_membarrier,
};

static long send_on(const struct sent *s, const long *a)
{
    if (s->wide)
        return ((long (*)(long, long, long, long, long, long))s->wrapper)(a[0], a[1], a[2], a[3], a[4], a[5]);
    return ((int (*)(long, long, long, long, long, long))s->wrapper)(a[0], a[1], a[2], a[3], a[4], a[5]);
}

void __wrap__exit(int status);

static long controlled(long number, const long *a, uint32_t place)
{
    const char *name = "";
    if (number == SYS_futex)
        return futex(a, place);
    if (number == SYS_exit_group || (number == SYS_exit && weave_threads == 0))
        __wrap__exit((int)a[0]);
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        if (sent[i].number != number)
            continue;
        name = sent[i].name;
        if (sent[i].wrapper)
            return send_on(&sent[i], a);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (harmless[i] == number)
            return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    weave_stop(VERDICT_UNCONTROLLED, "raw_system_call", place, "%s%s%ld", name, *name ? " " : "", number);
}

long __wrap_syscall(long number, ...)
{
    long a[ARGS];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < ARGS; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (!weave_on())
        return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return controlled(number, a, PLACE);
}

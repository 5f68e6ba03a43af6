/*
 * What goes wrong in signal handlers: calls that signal-safety(7) does not list (unsafe.c), errno that is
 * left changed, and objects that a handler shares with what it interrupts.
 *
 * Theory of operation of the last. Each access to a byte of static storage is noted with the signals whose
 * handlers could have run just there: those that have one and are not blocked; an access in a handler with
 * its signal too. A handler's access and another one meet if the other was open to the handler's signal and
 * one of them writes. What was done before the handler was installed, or while the signal was blocked, or
 * before whatever sent the signal (the fork of the child that ended, the setting of the timer) is not open. A
 * volatile object of at most four bytes is taken for a sig_atomic_t, and atomic operations do not come here.
 */
#include "handlers.h"
#include "signals.h"
#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

__thread int weave_handler_depth;
__thread struct weave_handling *weave_handling;
bool weave_handlers_installed;

/* ---- errno */

void weave_handling_begins(struct weave_handling *h)
{
    h->outer = weave_handling;
    weave_handling = h;
    weave_handler_depth++;
    h->errno_in = h->errno_now = errno;
}

static void look_at_errno(struct weave_handling *h)
{
    if (errno == h->errno_now)
        return;
    h->errno_now = errno;
    h->errno_place = h->last_call;
}

void weave_handling_ends(struct weave_handling *h)
{
    look_at_errno(h);
    if (errno != h->errno_in)
        weave_trouble("errno_clobbered", h->errno_place ? h->errno_place : h->handler, h->installed,
                      h->number, "%d", errno);
    weave_handling = h->outer;
    weave_handler_depth--;
}

void weave_handler_call(uint32_t place)
{
    struct weave_handling *h = weave_handling;
    if (!h)
        return;
    look_at_errno(h);
    h->last_call = place;
}

/* ---- calls */

void weave_unsafe_call(const char *function, uint32_t place)
{
    struct weave_handling *h = weave_handling;
    if (!h || !weave_self)
        return;
    weave_handler_call(place);
    if (h->by_itself) /* raise and kill to oneself interrupt nothing: there all calls are allowed
                         (POSIX, 2.4.3) */
        return;
    int e = errno;
    weave_trouble("signal_unsafe", place, h->installed, h->number, "%s", function);
    errno = e;
}

/* ---- handlers that are left by a jump */

void weave_handling_left(const void *stack)
{
    while (weave_handling && (!stack || (const void *)weave_handling < stack)) {
        weave_handling = weave_handling->outer;
        weave_handler_depth--;
    }
}

/* The C library hides the stack's address in a jmp_buf, turned and mixed with a secret of the thread. */
static const void *stack_of(struct __jmp_buf_tag *env)
{
#ifdef __x86_64__
    enum { RSP = 6, TURN = 17 };
    uint64_t v = (uint64_t)env->__jmpbuf[RSP], secret;
    __asm__("movq %%fs:0x30, %0" : "=r"(secret));
    return (const void *)((v >> TURN | v << (64 - TURN)) ^ secret);
#else
    (void)env;
    return NULL;
#endif
}

static void before_jump(struct __jmp_buf_tag *env)
{
    if (!weave_self)
        return;
    weave_handling_left(stack_of(env));
    if (env->__mask_was_saved)
        signal_mask(signal_set_of((const sigset_t *)&env->__saved_mask));
}

void __wrap_longjmp(struct __jmp_buf_tag env[1], int value)
{
    before_jump(env);
    longjmp(env, value);
}

void __wrap__longjmp(struct __jmp_buf_tag env[1], int value)
{
    before_jump(env);
    _longjmp(env, value);
}

void __wrap_siglongjmp(sigjmp_buf env, int value)
{
    before_jump(env);
    siglongjmp(env, value);
}

extern _Noreturn void __longjmp_chk(struct __jmp_buf_tag env[1], int value);
void __wrap___longjmp_chk(struct __jmp_buf_tag env[1], int value);
void __wrap___longjmp_chk(struct __jmp_buf_tag env[1], int value)
{
    before_jump(env);
    __longjmp_chk(env, value);
}

/* ---- shared objects */

struct seen { /* of one byte */
    uintptr_t address;
    uint64_t by_handler[2]; /* signals, whose handlers [0] read or [1] wrote it */
    uint32_t handler_place[2];
    uint64_t open[2]; /* signals that could have come at the last such access */
    uint32_t open_place[2], open_epoch[2];
};
enum { ENTRIES_FIRST = 4096, ENTRIES_MAX = 1 << 19, RANGE_MAX = 65536, SIG_ATOMIC = 4 };
static struct seen *table;
static size_t n_entries, n_used;

extern char __data_start[], _end[];

static struct seen *slot(struct seen *in, size_t n, uintptr_t address)
{
    size_t i = (address * 0x9E3779B97F4A7C15u >> 32) % n;
    while (in[i].address && in[i].address != address)
        i = (i + 1) % n;
    return &in[i];
}

static bool grow(void)
{
    size_t n = n_entries ? n_entries * 2 : ENTRIES_FIRST;
    if (n > ENTRIES_MAX)
        return false;
    void *made = mmap(NULL, n * sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        return false;
    for (size_t i = 0; i < n_entries; i++)
        if (table[i].address)
            *slot(made, n, table[i].address) = table[i];
    if (table)
        munmap(table, n_entries * sizeof *table);
    table = made;
    n_entries = n;
    return true;
}

/* NULL: the table is full; what is not noted is not found, and nothing is invented. */
static struct seen *seen_at(uintptr_t address)
{
    if (n_used * 2 >= n_entries && !grow())
        return NULL;
    struct seen *s = slot(table, n_entries, address);
    if (!s->address) {
        s->address = address;
        n_used++;
    }
    return s;
}

struct looked_at {
    uintptr_t address; /* of the object */
    bool write;
    uint32_t place;
    uint64_t open;                         /* signals that could come here */
    const struct weave_handling *handling; /* NULL: not in a handler */
};

static void tell(const struct looked_at *a, uint32_t handler_place, uint32_t place, int number,
                 uint32_t where)
{
    weave_trouble("shared_with_handler", handler_place, place, (int64_t)a->address, "%d %u", number, where);
}

/* The access that was open happened before the signal was sent. */
static bool before_cause(uint32_t epoch, const struct weave_sent *cause)
{
    return (epoch & EPOCH_CLOCK) <= cause->clock.of[epoch_task(epoch)];
}

static void in_handler(struct seen *s, const struct looked_at *a)
{
    const struct weave_handling *h = a->handling;
    uint64_t bit = signal_bit(h->number);
    for (int other = a->write ? 0 : 1; other < 2; other++)
        if (s->open[other] & bit && !before_cause(s->open_epoch[other], h->cause))
            tell(a, a->place, s->open_place[other], h->number, h->installed);
    if (!(s->by_handler[a->write] & bit))
        s->handler_place[a->write] = a->place;
    s->by_handler[a->write] |= bit;
}

static void in_flow(struct seen *s, const struct looked_at *a)
{
    for (int other = a->write ? 0 : 1; other < 2; other++) {
        uint64_t met = s->by_handler[other] & a->open;
        int number = met ? __builtin_ctzl(met) + 1 : 0;
        if (met)
            tell(a, s->handler_place[other], a->place, number, signal_action(number)->place);
    }
    s->open[a->write] = a->open;
    s->open_place[a->write] = a->place;
    s->open_epoch[a->write] = weave_epoch;
}

static bool is_static(uintptr_t address, size_t length)
{
    return address >= (uintptr_t)__data_start && address + length <= (uintptr_t)_end;
}

void weave_handler_access(const void *pointer, size_t length, bool write, bool is_volatile, uint32_t place)
{
    uintptr_t address = (uintptr_t)pointer;
    if (!weave_handlers_installed || !weave_self || !is_static(address, length))
        return;
    /* A loop that waits for a handler has no other points. */
    if (is_volatile && --weave_budget <= 0)
        weave_point_access(place);
    if ((is_volatile && length <= SIG_ATOMIC) || length > RANGE_MAX)
        return;
    uint64_t handled;
    memcpy(&handled, weave_self->handled, sizeof handled);
    const struct weave_handling *h = weave_handling;
    struct looked_at a = {
        .address = address, .write = write, .place = place, .open = handled & ~weave_self->mask};
    if (h && h->cause && !h->by_itself)
        a.handling = h;
    if (!a.open && !a.handling)
        return;
    for (size_t i = 0; i < length; i++) {
        struct seen *s = seen_at(address + i);
        if (!s)
            return;
        if (a.handling)
            in_handler(s, &a);
        if (a.open)
            in_flow(s, &a);
    }
}

void weave_handler_installed(void)
{
    weave_handlers_installed = true;
    weave_watch_private = true;
}

/*
 * Atomic operations: each is a point of the schedule, an access that does not race with its like, and an
 * edge. Every order is taken for seq_cst: an edge too many hides a race, it never invents one. Whether
 * private memory can be shared (threads) is not asked: the operation itself is done with the strongest order
 * anyway.
 */
#include "shadow.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef unsigned __int128 u128;

enum { LOAD = 1, STORE = 2, BOTH = 3 };

static void before(volatile void *p, uint32_t place)
{
    if (!weave_self || (!weave_threads && !weave_cell_of((uintptr_t)p)))
        return;
    if (--weave_budget <= 0)
        weave_point_access(place);
}

static void after(volatile void *p, size_t size, int how, uint32_t place)
{
    if (!weave_self || (!weave_threads && !weave_cell_of((uintptr_t)p)))
        return;
    weave_access((uintptr_t)p, size, how & STORE, true, place);
    struct weave_object *o = weave_object(weave_key_of((void *)p), "atomic variable", place);
    if (how & LOAD)
        weave_acquire(o);
    if (how & STORE)
        weave_release(o);
    o->last_place = place;
}

#define ATOMIC_RMW(n, op, builtin)                                                                           \
    u##n __tsan_atomic##n##_##op(volatile u##n *p, u##n v, int order);                                       \
    u##n __tsan_atomic##n##_##op(volatile u##n *p, u##n v, int order)                                        \
    {                                                                                                        \
        (void)order;                                                                                         \
        before(p, PLACE);                                                                                    \
        u##n old = builtin(p, v, __ATOMIC_SEQ_CST);                                                          \
        after(p, n / 8, BOTH, PLACE);                                                                        \
        return old;                                                                                          \
    }

#define ATOMIC_CAS(n, kind, weak)                                                                            \
    int __tsan_atomic##n##_compare_exchange_##kind(volatile u##n *p, u##n *expected, u##n v, int yes,        \
                                                   int no);                                                  \
    int __tsan_atomic##n##_compare_exchange_##kind(volatile u##n *p, u##n *expected, u##n v, int yes,        \
                                                   int no)                                                   \
    {                                                                                                        \
        (void)yes, (void)no;                                                                                 \
        before(p, PLACE);                                                                                    \
        int done = __atomic_compare_exchange_n(p, expected, v, weak, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);    \
        after(p, n / 8, done ? BOTH : LOAD, PLACE);                                                          \
        return done;                                                                                         \
    }

#define ATOMICS(n)                                                                                           \
    u##n __tsan_atomic##n##_load(const volatile u##n *p, int order);                                         \
    void __tsan_atomic##n##_store(volatile u##n *p, u##n v, int order);                                      \
    u##n __tsan_atomic##n##_compare_exchange_val(volatile u##n *p, u##n expected, u##n v, int yes, int no);  \
    u##n __tsan_atomic##n##_load(const volatile u##n *p, int order)                                          \
    {                                                                                                        \
        (void)order;                                                                                         \
        before((volatile void *)p, PLACE);                                                                   \
        u##n v = __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                       \
        after((volatile void *)p, n / 8, LOAD, PLACE);                                                       \
        return v;                                                                                            \
    }                                                                                                        \
    void __tsan_atomic##n##_store(volatile u##n *p, u##n v, int order)                                       \
    {                                                                                                        \
        (void)order;                                                                                         \
        before(p, PLACE);                                                                                    \
        __atomic_store_n(p, v, __ATOMIC_SEQ_CST);                                                            \
        after(p, n / 8, STORE, PLACE);                                                                       \
    }                                                                                                        \
    ATOMIC_RMW(n, exchange, __atomic_exchange_n)                                                             \
    ATOMIC_RMW(n, fetch_add, __atomic_fetch_add)                                                             \
    ATOMIC_RMW(n, fetch_sub, __atomic_fetch_sub)                                                             \
    ATOMIC_RMW(n, fetch_and, __atomic_fetch_and)                                                             \
    ATOMIC_RMW(n, fetch_or, __atomic_fetch_or)                                                               \
    ATOMIC_RMW(n, fetch_xor, __atomic_fetch_xor)                                                             \
    ATOMIC_RMW(n, fetch_nand, __atomic_fetch_nand)                                                           \
    ATOMIC_CAS(n, strong, 0)                                                                                 \
    ATOMIC_CAS(n, weak, 0)                                                                                   \
    u##n __tsan_atomic##n##_compare_exchange_val(volatile u##n *p, u##n expected, u##n v, int yes, int no)   \
    {                                                                                                        \
        (void)yes, (void)no;                                                                                 \
        before(p, PLACE);                                                                                    \
        int done = __atomic_compare_exchange_n(p, &expected, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);      \
        after(p, n / 8, done ? BOTH : LOAD, PLACE);                                                          \
        return expected;                                                                                     \
    }

ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)

/* gcc has no inline operations on 16 bytes without -mcx16; one task runs at a time, so plain ones will do
 * here. */
#define PLAIN_RMW(op, expression)                                                                            \
    u128 __tsan_atomic128_##op(volatile u128 *p, u128 v, int order);                                         \
    u128 __tsan_atomic128_##op(volatile u128 *p, u128 v, int order)                                          \
    {                                                                                                        \
        (void)order;                                                                                         \
        before(p, PLACE);                                                                                    \
        u128 old = *p;                                                                                       \
        *p = (expression);                                                                                   \
        after(p, 16, BOTH, PLACE);                                                                           \
        return old;                                                                                          \
    }

#define PLAIN_CAS(kind)                                                                                      \
    int __tsan_atomic128_compare_exchange_##kind(volatile u128 *p, u128 *expected, u128 v, int yes, int no); \
    int __tsan_atomic128_compare_exchange_##kind(volatile u128 *p, u128 *expected, u128 v, int yes, int no)  \
    {                                                                                                        \
        (void)yes, (void)no;                                                                                 \
        before(p, PLACE);                                                                                    \
        u128 old = *p;                                                                                       \
        int done = old == *expected;                                                                         \
        if (done)                                                                                            \
            *p = v;                                                                                          \
        else                                                                                                 \
            *expected = old;                                                                                 \
        after(p, 16, done ? BOTH : LOAD, PLACE);                                                             \
        return done;                                                                                         \
    }

u128 __tsan_atomic128_load(const volatile u128 *p, int order);
void __tsan_atomic128_store(volatile u128 *p, u128 v, int order);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

u128 __tsan_atomic128_load(const volatile u128 *p, int order)
{
    (void)order;
    before((volatile void *)p, PLACE);
    u128 v = *p;
    after((volatile void *)p, 16, LOAD, PLACE);
    return v;
}

void __tsan_atomic128_store(volatile u128 *p, u128 v, int order)
{
    (void)order;
    before(p, PLACE);
    *p = v;
    after(p, 16, STORE, PLACE);
}

PLAIN_RMW(exchange, v)
PLAIN_RMW(fetch_add, old + v)
PLAIN_RMW(fetch_sub, old - v)
PLAIN_RMW(fetch_and, old &v)
PLAIN_RMW(fetch_or, old | v)
PLAIN_RMW(fetch_xor, old ^ v)
PLAIN_RMW(fetch_nand, ~(old &v))
PLAIN_CAS(strong)
PLAIN_CAS(weak)

/* A fence orders what was done before it with what others do after theirs: one clock for all of them. */
void __tsan_atomic_thread_fence(int order)
{
    (void)order;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!weave_self)
        return;
    struct weave_object *o = weave_object((weave_key){.kind = KIND_NONE, .a = 1}, "fence", PLACE);
    weave_acquire(o);
    weave_release(o);
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

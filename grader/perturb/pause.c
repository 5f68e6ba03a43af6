/* Whether a process pauses, and for how long.
 *
 * Noise before the calls at which processes meet shows by itself, in a few runs, what else only one run in
 * hundreds or a busy machine shows (Edelstein et al., Framework for testing multi-threaded Java programs,
 * 2003). Some pauses are as long as a process on a busy core waits for its turn, most are short, and there
 * are none most of the time: each order has its chance.
 */
#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

/* In ticks of the time stamp counter, of which a millisecond has about two million. All pauses of a process,
 * with those of whoever forked it before that, are far from what is taken for spinning: 100 ms of processor
 * time (tk_settles). */
enum {
    ONE_IN = 8,      /* so many calls have one pause */
    LONG_ONE_IN = 6, /* and so many pauses a long one */
    SHORT = 1000000,
    LONG = 8000000,
    AT_ONCE = 60000000,
    SHARE = 50, /* of its time: one tick in so many is its own to pause in, later on */
};

static uint64_t first, spent;

/* Mixes: splitmix64's finalizer. Drawn from the clock, not from a seed: which order comes of a pause is up to
 * the kernel, so a seed would bring nothing back. */
static uint64_t draw(uint64_t now)
{
    uint64_t x = now ^ (uint64_t)(uintptr_t)&now;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

/* Keeps the caller busy for a moment, now and then. It makes no system call, so that the witness and the
 * faults that a test places see a program's own calls only. Async-signal-safe. */
__attribute__((visibility("hidden"))) void perturb_pause(void)
{
    const uint64_t began = __rdtsc(), drawn = draw(began);
    uint64_t since = 0; /* who comes at the same time, in a signal handler or a thread, loses nothing */
    if (__atomic_compare_exchange_n(&first, &since, began, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        since = began;
    if (drawn % ONE_IN != 0 || __atomic_load_n(&spent, __ATOMIC_RELAXED) > AT_ONCE + (began - since) / SHARE)
        return;
    const uint64_t limit = (drawn >> 8) % LONG_ONE_IN == 0 ? LONG : SHORT, wanted = (drawn >> 16) % limit;
    __atomic_fetch_add(&spent, wanted, __ATOMIC_RELAXED);
    while (__rdtsc() - began < wanted)
        __builtin_ia32_pause();
}

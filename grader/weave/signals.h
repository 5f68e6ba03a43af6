/* What the files about signals (signal.c, sigsend.c, sigwait.c, timers.c, crash.c, handlers.c) share. */
#ifndef WEAVE_SIGNALS_H
#define WEAVE_SIGNALS_H

#include "runtime.h"
#include <signal.h>

/* Of a process, kept here and not in the kernel: handlers run where the schedule lets signals in. */
struct weave_action {
    struct sigaction act;
    uint32_t place; /* where it was installed */
    bool set;       /* by the program: the C library's own flag then shows */
};

static inline uint64_t signal_bit(int number)
{
    return 1ul << (number - 1);
}

/* A sigset_t of the C library as 64 bits, without what cannot be blocked. */
uint64_t signal_set_of(const sigset_t *set);
void signal_set_to(sigset_t *set, uint64_t bits);

/* ---- signal.c */

const struct weave_action *signal_action(int number);
/* True for numbers that sigaction takes. */
bool signal_can_be_set(int number);
/* The mask of this thread; the kernel's is kept in step for the signals that come from it, and for sigsetjmp.
 */
void signal_mask(uint64_t mask);
/* Runs what has come, at once. */
void signal_come(void);
/* Ends the process by a signal's default action. */
_Noreturn void signal_die(int number, uint32_t place);
/* The C library's siginfo of a signal that was sent. */
void signal_info(siginfo_t *info, const struct weave_sent *sent);

/* ---- sigwait.c */

/* Signals that weave_signal_files gave to the kernel are taken back. */
void signal_take_back(uint64_t set);
uint64_t signal_in_kernel(void);

/* ---- crash.c: signals of the processor */

/* True if the kernel sends it by itself, in the middle of an instruction or a call. */
bool signal_is_kernels(int number);
/* Sets the kernel's disposition so that it fits the program's. */
void signal_to_kernel(int number, const struct weave_action *a);
void signal_crash_init(void);
/* Where a program gave up by itself; the first one stays. */
void signal_crash_at(int number, uint64_t pc);
/* A handler for what the kernel has sent. */
void signal_from_kernel(int number, siginfo_t *info, void *context);

#endif

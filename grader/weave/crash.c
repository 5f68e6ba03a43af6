/*
 * Signals that the kernel sends by itself, in the middle of an instruction (SIGSEGV) or a call (SIGPIPE,
 * abort). They come at a place that follows from the program, so they may come through the kernel. Where the
 * program has no handler for them ours notes the place, and lets the default action be taken.
 */
#include "signals.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static const weave_key nothing;

static bool is_crash(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
           number == SIGABRT || number == SIGSYS || number == SIGTRAP;
}

bool signal_is_kernels(int number)
{
    return is_crash(number) || number == SIGPIPE || number == SIGXFSZ || number == SIGXCPU;
}

void signal_crash_at(int number, uint64_t pc)
{
    struct weave_task *t = weave_self;
    if (!is_crash(number) || (t->crash_signal == number && t->crash_pc))
        return;
    t->crash_signal = number;
    t->crash_pc = pc;
}

/* ---- whose line it was */

extern char __executable_start[], __etext[];
extern char __start_weave_text[] __attribute__((weak)), __stop_weave_text[] __attribute__((weak));

static bool is_programs(uint64_t pc)
{
    bool ours = pc >= (uint64_t)__start_weave_text && pc < (uint64_t)__stop_weave_text;
    return !ours && pc >= (uint64_t)__executable_start && pc < (uint64_t)__etext;
}

enum { WORDS = 4096, CALL_NEAR = 0xe8, CALL_NEAR_LENGTH = 5, PAGE = 4096 };

/* A fault inside the C library (strlen of a null pointer): the caller is the first word of the stack that is
 * an address of the program behind a call. */
static uint64_t caller_of(uint64_t pc, uint64_t sp)
{
    if (is_programs(pc) || !sp)
        return pc;
    for (unsigned i = 0; i < WORDS; i++) {
        uint64_t at = sp + i * sizeof(uint64_t), word;
        if (i == 0 || at % PAGE == 0) { /* the stack's end comes without a warning */
            unsigned char there;
            if (mincore((void *)(at & ~(uint64_t)(PAGE - 1)), PAGE, &there) != 0)
                return pc;
        }
        memcpy(&word, (const void *)at, sizeof word);
        if (is_programs(word) && is_programs(word - CALL_NEAR_LENGTH) &&
            *(const unsigned char *)(word - CALL_NEAR_LENGTH) == CALL_NEAR)
            return word - 1;
    }
    return pc;
}

static uint64_t place_of(const void *context)
{
#ifdef __x86_64__
    const ucontext_t *c = context;
    return caller_of((uint64_t)c->uc_mcontext.gregs[REG_RIP], (uint64_t)c->uc_mcontext.gregs[REG_RSP]);
#elif defined __aarch64__
    const ucontext_t *c = context;
    return c->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* ---- the kernel's handlers */

static void on_crash(int number, siginfo_t *info, void *context)
{
    struct sigaction act = {.sa_handler = SIG_DFL};
    int e = errno;
    if (weave_self) {
        signal_crash_at(number, place_of(context));
        if (info->si_code > 0 && (uint64_t)info->si_addr - WEAVE_BASE < REGION->config.size)
            weave_stop(VERDICT_TAMPER, "region", (uint32_t)weave_self->crash_pc,
                       "at byte %lu of weave's own memory", (uint64_t)info->si_addr - WEAVE_BASE);
        weave_log(LOG_SIGNAL, OP_NONE, nothing, number, (uint32_t)weave_self->crash_pc);
    }
    sigaction(number, &act, NULL);
    if (info->si_code <= 0) /* sent, not caused by an instruction that will be met again */
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
    errno = e;
}

static void on_kernels(int number, siginfo_t *info, void *context)
{
    signal_from_kernel(number, info, context);
}

void signal_to_kernel(int number, const struct weave_action *a)
{
    struct sigaction act = {.sa_handler = SIG_DFL};
    bool handled = a->act.sa_handler != SIG_DFL && a->act.sa_handler != SIG_IGN;
    if (a->act.sa_handler == SIG_IGN) {
        act.sa_handler = SIG_IGN;
    } else if (handled && signal_is_kernels(number)) {
        act.sa_sigaction = on_kernels;
        act.sa_mask = a->act.sa_mask;
        act.sa_flags = (a->act.sa_flags & (SA_ONSTACK | SA_NODEFER | SA_RESTART)) | SA_SIGINFO;
    } else if (is_crash(number)) {
        act.sa_sigaction = on_crash;
        act.sa_flags = SA_SIGINFO | SA_ONSTACK;
    } else if (number == SIGCHLD) { /* never comes through the kernel, but says what becomes of children */
        act.sa_flags = a->act.sa_flags & (SA_NOCLDWAIT | SA_NOCLDSTOP);
    }
    sigaction(number, &act, NULL);
}

/* A stack that has run over its end has no room for a handler. */
void signal_crash_init(void)
{
    static char room[16384];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    sigaltstack(&stack, NULL);
}

/* ---- giving up */

/* abort(3): a handler runs first, whatever is blocked; whether it returns or not, the process ends. */
void __wrap_abort(void)
{
    if (!weave_on())
        abort();
    uint32_t place = PLACE;
    weave_point(OP_ABORT, nothing, place);
    signal_mask(weave_self->mask & ~signal_bit(SIGABRT));
    __sighandler_t handler = signal_action(SIGABRT)->act.sa_handler;
    if (handler != SIG_DFL && handler != SIG_IGN) {
        struct weave_sent cause = {.clock = weave_self->clock,
                                   .number = SIGABRT,
                                   .code = SI_TKILL,
                                   .pid = weave_self->pid,
                                   .uid = (int32_t)getuid()};
        baton_signal(weave_self, true, &cause);
        signal_come();
    }
    signal_die(SIGABRT, place);
}

void __wrap___assert_fail(const char *text, const char *file, unsigned line, const char *function)
{
    if (weave_self)
        signal_crash_at(SIGABRT, PLACE);
    __assert_fail(text, file, line, function);
}

void __wrap___assert_perror_fail(int error, const char *file, unsigned line, const char *function)
{
    if (weave_self)
        signal_crash_at(SIGABRT, PLACE);
    __assert_perror_fail(error, file, line, function);
}

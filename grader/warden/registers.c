/* What a fault does to the registers of a thread that is stopped at a call (inject.c). x86-64; elsewhere
 * nothing can be injected. */
#include "registers.h"

#include "run.h"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

bool registers_possible(void)
{
    return true;
}

/* Back to the instruction that makes the call: not by an error that the kernel restarts, for that needs a
 * signal that is delivered, and this one may be blocked. */
bool registers_call(const struct tracee *t, struct proc_syscall *call)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return false;
    *call = (struct proc_syscall){.number = (long)regs.orig_rax,
                                  .args = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9},
                                  .sp = regs.rsp,
                                  .pc = regs.rip};
    return true;
}

bool registers_put_off(const struct tracee *t, const struct entered *e)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return false;
    regs.orig_rax = (unsigned long long)-1;
    regs.rax = (unsigned long long)e->number;
    regs.rip -= 2; /* syscall is two bytes */
    return ptrace(PTRACE_SETREGS, t->tid, 0, &regs) == 0;
}

bool registers_skip(const struct tracee *t, int error)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return false;
    regs.orig_rax = (unsigned long long)-1;
    regs.rax = (unsigned long long)-error;
    return ptrace(PTRACE_SETREGS, t->tid, 0, &regs) == 0;
}

bool registers_replace_result(const struct tracee *t, int error)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return false;
    regs.rax = (unsigned long long)-error;
    return ptrace(PTRACE_SETREGS, t->tid, 0, &regs) == 0;
}

/* One piece of memory instead of many: below the red zone of the stack nobody keeps anything (System V ABI
 * for AMD64, 3.2.2). */
static bool shorten_vector(struct run *r, const struct tracee *t, struct user_regs_struct *regs, size_t most)
{
    struct iovec v[16];
    const size_t n = regs->rdx < ARRAY_SIZE(v) ? (size_t)regs->rdx : ARRAY_SIZE(v);
    const unsigned long long scratch = (regs->rsp - 512) & ~15ULL;
    size_t i = 0, total = 0;
    if (!n || !proc_memory(&r->w->access, t->tgid, regs->rsi, v, n * sizeof *v))
        return false;
    for (size_t k = 0; k < n; k++)
        total += v[k].iov_len;
    while (i < n && !v[i].iov_len)
        i++;
    if (total <= most || i == n)
        return false;
    const size_t size = v[i].iov_len < most ? v[i].iov_len : most;
    if (ptrace(PTRACE_POKEDATA, t->tid, scratch, v[i].iov_base) < 0 ||
        ptrace(PTRACE_POKEDATA, t->tid, scratch + 8, size) < 0)
        return false;
    regs->rsi = scratch;
    regs->rdx = 1;
    return true;
}

/* All calls of faults_size_argument() have their size in the third argument. */
bool registers_shorten(struct run *r, struct tracee *t, const struct entered *e, size_t most)
{
    struct user_regs_struct regs;
    bool vector = false;
    if (faults_size_argument(e->number, &vector) != 2 || ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return false;
    t->injected.arguments[0] = regs.rsi;
    t->injected.arguments[1] = regs.rdx;
    if (vector && !shorten_vector(r, t, &regs, most))
        return false;
    if (!vector && regs.rdx <= most)
        return false;
    if (!vector)
        regs.rdx = most;
    t->injected.shortened = ptrace(PTRACE_SETREGS, t->tid, 0, &regs) == 0;
    return t->injected.shortened;
}

void registers_put_back(struct tracee *t)
{
    struct user_regs_struct regs;
    t->injected.shortened = false;
    if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return;
    regs.rsi = t->injected.arguments[0];
    regs.rdx = t->injected.arguments[1];
    ptrace(PTRACE_SETREGS, t->tid, 0, &regs);
}

#else

bool registers_possible(void)
{
    return false;
}

bool registers_call(const struct tracee *t, struct proc_syscall *call)
{
    (void)t, (void)call;
    return false;
}

bool registers_put_off(const struct tracee *t, const struct entered *e)
{
    (void)t, (void)e;
    return false;
}

bool registers_skip(const struct tracee *t, int error)
{
    (void)t, (void)error;
    return false;
}

bool registers_replace_result(const struct tracee *t, int error)
{
    (void)t, (void)error;
    return false;
}

bool registers_shorten(struct run *r, struct tracee *t, const struct entered *e, size_t most)
{
    (void)r, (void)t, (void)e, (void)most;
    return false;
}

void registers_put_back(struct tracee *t)
{
    (void)t;
}

#endif

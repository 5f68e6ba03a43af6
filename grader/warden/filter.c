#include "filter.h"

#include "defences.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "warden knows the system calls of x86-64 and arm64"
#endif

/* Calls that no lab needs and that reach beyond a student's own processes. They fail with EPERM as an
 * unprivileged caller is used to; ENOSYS where libraries probe for a feature and then do without. */
static const struct {
    int number;
    int error;
} refused[] = {
    {SYS_ptrace, EPERM},
    {SYS_process_vm_readv, EPERM},
    {SYS_process_vm_writev, EPERM},
    {SYS_bpf, EPERM},
    {SYS_keyctl, EPERM},
    {SYS_add_key, EPERM},
    {SYS_request_key, EPERM},
    {SYS_userfaultfd, EPERM},
    {SYS_perf_event_open, EPERM},
    {SYS_mount, EPERM},
    {SYS_umount2, EPERM},
    {SYS_pivot_root, EPERM},
    {SYS_chroot, EPERM},
    {SYS_unshare, EPERM},
    {SYS_setns, EPERM},
    {SYS_init_module, EPERM},
    {SYS_finit_module, EPERM},
    {SYS_delete_module, EPERM},
    {SYS_kexec_load, EPERM},
    {SYS_kexec_file_load, EPERM},
    {SYS_open_tree, EPERM},
    {SYS_move_mount, EPERM},
    {SYS_fsopen, EPERM},
    {SYS_fsconfig, EPERM},
    {SYS_fsmount, EPERM},
    {SYS_fspick, EPERM},
    {SYS_mount_setattr, EPERM},
    {SYS_swapon, EPERM},
    {SYS_swapoff, EPERM},
    {SYS_reboot, EPERM},
    {SYS_sethostname, EPERM},
    {SYS_setdomainname, EPERM},
    {SYS_settimeofday, EPERM},
    {SYS_clock_settime, EPERM},
    {SYS_clock_adjtime, EPERM},
    {SYS_adjtimex, EPERM},
    {SYS_acct, EPERM},
    {SYS_quotactl, EPERM},
    {SYS_syslog, EPERM},
    {SYS_fanotify_init, EPERM},
    {SYS_process_madvise, EPERM},
    {SYS_clone3, ENOSYS}, /* its flags lie in memory; the C library then takes clone */
    {SYS_io_uring_setup, ENOSYS},
    {SYS_io_uring_enter, ENOSYS},
    {SYS_io_uring_register, ENOSYS},
    {SYS_pidfd_getfd, EPERM},
    {SYS_kcmp, EPERM},
    {SYS_name_to_handle_at, EPERM},
    {SYS_open_by_handle_at, EPERM},
};

#define NEW_NAMESPACES                                                                                       \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |            \
     CLONE_NEWNET)

/* Each case is at most nine instructions. */
struct program {
    struct sock_filter code[1500];
    unsigned short size;
};

static void emit(struct program *p, unsigned code, unsigned k, unsigned jump_true, unsigned jump_false)
{
    if (p->size == ARRAY_SIZE(p->code))
        die("the seccomp filter is too long");
    p->code[p->size++] =
        (struct sock_filter){(unsigned short)code, (unsigned char)jump_true, (unsigned char)jump_false, k};
}

/* if (accumulator == number) return action */
static void emit_case(struct program *p, int number, unsigned action)
{
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
    emit(p, BPF_RET | BPF_K, action, 0, 0);
}

static unsigned argument_at(int number, bool high)
{
    return (unsigned)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)number +
                      (high ? 4 : 0));
}

/* Stopped at only where the timeout is a time: not where there is none or it is 0. */
static void emit_timed(struct program *p, int number, int argument, bool pointer)
{
    const unsigned load = BPF_LD | BPF_W | BPF_ABS, ret = BPF_RET | BPF_K, equal = BPF_JMP | BPF_JEQ | BPF_K,
                   at_least = BPF_JMP | BPF_JGE | BPF_K;
    emit(p, equal, (unsigned)number, 0, pointer ? 6 : 5);
    emit(p, load, argument_at(argument, false), 0, 0);
    if (pointer) {
        emit(p, equal, 0, 0, 2);
        emit(p, load, argument_at(argument, true), 0, 0);
        emit(p, equal, 0, 1, 0);
    } else {
        emit(p, equal, 0, 2, 0);
        emit(p, at_least, 0x80000000u, 1, 0); /* negative: without end */
    }
    emit(p, ret, SECCOMP_RET_TRACE, 0, 0);
    emit(p, ret, SECCOMP_RET_ALLOW, 0, 0);
}

/* Stopped at only where an argument has one of two values, or neither of them. */
static void emit_some(struct program *p, const struct call *c)
{
    const unsigned equal = BPF_JMP | BPF_JEQ | BPF_K, ret = BPF_RET | BPF_K;
    const unsigned then = c->other ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRACE,
                   otherwise = c->other ? SECCOMP_RET_TRACE : SECCOMP_RET_ALLOW;
    emit(p, equal, (unsigned)c->number, 0, 5);
    emit(p, BPF_LD | BPF_W | BPF_ABS, argument_at(c->argument, false), 0, 0);
    emit(p, equal, c->values[0], 1, 0);
    emit(p, equal, c->values[1], 0, 1);
    emit(p, ret, then, 0, 0);
    emit(p, ret, otherwise, 0, 0);
}

/* A filter of the student's own is welcome, but not one that hands calls to a listener: that goes before our
 * stops (seccomp(2), SECCOMP_RET_USER_NOTIF), and whoever listens may let a call go on behind our back. */
static void emit_no_listener(struct program *p)
{
    const unsigned ret = BPF_RET | BPF_K;
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 4);
    emit(p, BPF_LD | BPF_W | BPF_ABS, argument_at(1, false), 0, 0);
    emit(p, BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0, 1);
    emit(p, ret, SECCOMP_RET_ERRNO | EINVAL, 0, 0); /* as a kernel says that does not know it */
    emit(p, ret, SECCOMP_RET_ALLOW, 0, 0);
}

/* No namespace of its own: in a new user namespace a process has every capability. */
static void emit_no_namespace(struct program *p)
{
    const unsigned ret = BPF_RET | BPF_K;
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    emit(p, BPF_LD | BPF_W | BPF_ABS, argument_at(0, false), 0, 0);
    emit(p, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
    emit(p, ret, SECCOMP_RET_ERRNO | EPERM, 0, 0);
    emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
}

/* AF_VSOCK reaches the machine past every network namespace, AF_ALG the kernel's ciphers: only what a lab or
 * the C library needs. */
static void emit_families(struct program *p)
{
    static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    const unsigned equal = BPF_JMP | BPF_JEQ | BPF_K, ret = BPF_RET | BPF_K, count = ARRAY_SIZE(families);
    emit(p, equal, SYS_socket, 0, count + 3);
    emit(p, BPF_LD | BPF_W | BPF_ABS, argument_at(0, false), 0, 0);
    for (unsigned i = 0; i < count; i++)
        emit(p, equal, families[i], count - i, 0);
    emit(p, ret, SECCOMP_RET_ERRNO | EAFNOSUPPORT, 0, 0);
    emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
}

static void emit_call(struct program *p, const struct call *c, enum watching watching)
{
    if (c->from > watching)
        return;
    if (c->argument >= 0 && watching < WATCH_ALL)
        emit_some(p, c);
    else
        emit_case(p, c->number, SECCOMP_RET_TRACE);
}

static void emit_refusals(struct program *p)
{
    const unsigned load = BPF_LD | BPF_W | BPF_ABS, ret = BPF_RET | BPF_K, equal = BPF_JMP | BPF_JEQ | BPF_K;
    emit(p, load, offsetof(struct seccomp_data, arch), 0, 0);
    emit(p, equal, OUR_ARCH, 1, 0);
    emit(p, ret, SECCOMP_RET_KILL_PROCESS, 0, 0); /* another ABI would slip past every number below */
    emit(p, load, offsetof(struct seccomp_data, nr), 0, 0);
#if defined(__x86_64__)
    emit(p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1); /* the x32 ABI */
    emit(p, ret, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
#endif
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        emit_case(p, refused[i].number, SECCOMP_RET_ERRNO | (unsigned)refused[i].error);
    emit_no_namespace(p);
    emit_families(p);
    emit_no_listener(p);
}

static void build(struct program *p, bool witness, enum watching watching, const long *further, size_t count)
{
    const unsigned load = BPF_LD | BPF_W | BPF_ABS, ret = BPF_RET | BPF_K;
    p->size = 0;
    if (defended(DEFENCE_CALLS))
        emit_refusals(p);
    else
        emit(p, load, offsetof(struct seccomp_data, nr), 0, 0);
    for (size_t i = 0; witness && i < count; i++)
        emit_case(p, (int)further[i], SECCOMP_RET_TRACE);
    for (size_t i = 0; witness && i < call_table_count; i++)
        emit_call(p, &call_table[i], watching);
    for (size_t i = 0; witness && i < timed_calls_count; i++)
        emit_timed(p, timed_calls[i].number, timed_calls[i].argument, timed_calls[i].pointer);
    emit(p, ret, SECCOMP_RET_ALLOW, 0, 0);
}

bool filter_install(bool witness, enum watching watching, const long *further, size_t count)
{
    struct program p;
    build(&p, witness, watching, further, count);
    struct sock_fprog program = {p.size, p.code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

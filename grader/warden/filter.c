#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
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
    {SYS_kexec_load, EPERM},
    {SYS_io_uring_setup, ENOSYS},
    {SYS_io_uring_enter, ENOSYS},
    {SYS_io_uring_register, ENOSYS},
    {SYS_pidfd_getfd, EPERM},
    {SYS_kcmp, EPERM},
    {SYS_name_to_handle_at, EPERM},
    {SYS_open_by_handle_at, EPERM},
};

static const struct {
    int number;
    enum call_kind kind;
    signed char reads, writes; /* which argument is the descriptor, -1 = none */
} watched[] = {
    {SYS_exit_group, CALL_EXIT, -1, -1},
    {SYS_pipe2, CALL_PIPE, -1, -1},
    {SYS_socketpair, CALL_SOCKETPAIR, -1, -1},
    {SYS_setitimer, CALL_TIMER, -1, -1},
    {SYS_timer_create, CALL_TIMER, -1, -1},
    {SYS_timerfd_create, CALL_TIMER, -1, -1},
    {SYS_setsockopt, CALL_TIMER, -1, -1}, /* SO_RCVTIMEO and SO_SNDTIMEO; the others are let go by */
#if defined(__x86_64__)
    {SYS_pipe, CALL_PIPE, -1, -1},
    {SYS_alarm, CALL_TIMER, -1, -1},
    {SYS_sendfile, CALL_COPY, 1, 0},
#else
    {SYS_sendfile, CALL_COPY, 1, 0},
#endif
    {SYS_read, CALL_READ, 0, -1},
    {SYS_readv, CALL_READ, 0, -1},
    {SYS_pread64, CALL_READ, 0, -1},
    {SYS_preadv, CALL_READ, 0, -1},
    {SYS_preadv2, CALL_READ, 0, -1},
    {SYS_recvfrom, CALL_READ, 0, -1},
    {SYS_recvmsg, CALL_READ, 0, -1},
    {SYS_recvmmsg, CALL_READ, 0, -1},
    {SYS_write, CALL_WRITE, -1, 0},
    {SYS_writev, CALL_WRITE, -1, 0},
    {SYS_pwrite64, CALL_WRITE, -1, 0},
    {SYS_pwritev, CALL_WRITE, -1, 0},
    {SYS_pwritev2, CALL_WRITE, -1, 0},
    {SYS_vmsplice, CALL_WRITE, -1, 0},
    {SYS_sendto, CALL_WRITE, -1, 0},
    {SYS_sendmsg, CALL_WRITE, -1, 0},
    {SYS_sendmmsg, CALL_WRITE, -1, 0},
    {SYS_splice, CALL_COPY, 0, 2},
    {SYS_tee, CALL_COPY, 0, 1},
    {SYS_copy_file_range, CALL_COPY, 0, 2},
};

/* Waits that fail with EINTR although no handler ran. Stopped at only where the timeout is a time: not where
 * there is none or it is 0. */
static const struct {
    int number;
    int argument;
    bool pointer;
} timed[] = {
    {SYS_semtimedop, 3, true},   {SYS_rt_sigtimedwait, 2, true}, {SYS_epoll_pwait, 3, false},
    {SYS_epoll_pwait2, 3, true}, {SYS_io_getevents, 4, true},
#if defined(__x86_64__)
    {SYS_epoll_wait, 3, false},
#endif
};

int filter_timeout(long number, bool *pointer)
{
    for (size_t i = 0; i < ARRAY_SIZE(timed); i++) {
        if (timed[i].number == number) {
            *pointer = timed[i].pointer;
            return timed[i].argument;
        }
    }
    return -1;
}

enum call_kind filter_kind(long number)
{
    bool pointer;
    if (filter_timeout(number, &pointer) >= 0)
        return CALL_TIMED;
    for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
        if (watched[i].number == number)
            return watched[i].kind;
    return CALL_NONE;
}

void filter_flow(long number, const uint64_t *args, int *reads, int *writes)
{
    *reads = *writes = -1;
    for (size_t i = 0; i < ARRAY_SIZE(watched); i++) {
        if (watched[i].number != number)
            continue;
        if (watched[i].reads >= 0)
            *reads = (int)args[watched[i].reads];
        if (watched[i].writes >= 0)
            *writes = (int)args[watched[i].writes];
    }
}

const char *filter_kind_name(enum call_kind kind)
{
    static const char *const kind_names[CALL_KINDS] = {
        "none", "exit", "pipe", "fork", "socketpair", "exec", "timed", "timer", "read", "write", "copy"};
    return kind_names[kind];
}

static bool is_data(enum call_kind kind)
{
    return kind >= CALL_READ;
}

struct program {
    struct sock_filter code[2 * (ARRAY_SIZE(refused) + ARRAY_SIZE(watched)) + 7 * ARRAY_SIZE(timed) + 24];
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

static void build(struct program *p, bool witness, bool data)
{
    const unsigned load = BPF_LD | BPF_W | BPF_ABS, ret = BPF_RET | BPF_K, equal = BPF_JMP | BPF_JEQ | BPF_K;
    p->size = 0;
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
    for (size_t i = 0; witness && i < ARRAY_SIZE(watched); i++) {
        if (is_data(watched[i].kind) && !data)
            continue;
        emit_case(p, watched[i].number, SECCOMP_RET_TRACE);
    }
    for (size_t i = 0; witness && i < ARRAY_SIZE(timed); i++)
        emit_timed(p, timed[i].number, timed[i].argument, timed[i].pointer);
    emit(p, ret, SECCOMP_RET_ALLOW, 0, 0);
}

bool filter_install(bool witness, bool data)
{
    struct program p;
    build(&p, witness, data);
    struct sock_fprog program = {p.size, p.code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

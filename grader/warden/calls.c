#include "calls.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO           .reads = -1, .writes = -1, .path = -1, .argument = -1
#define CONTROL(n)   .number = SYS_##n, .name = #n, .from = WATCH_CONTROL
#define DATA(n)      .number = SYS_##n, .name = #n, .from = WATCH_ALL
#define FLOW(n)      .number = SYS_##n, .name = #n, .from = WATCH_FLOWS
#define READS(a)     .reads = a, .writes = -1, .path = -1, .argument = -1
#define WRITES(a)    .reads = -1, .writes = a, .path = -1, .argument = -1
#define COPIES(a, b) .reads = a, .writes = b, .path = -1, .argument = -1
#define PATH(a)      .reads = -1, .writes = -1, .path = a, .argument = -1
#define MAKES        .kind = CALL_MAKES_FD, .result = true, NO

/* The loader opens libraries just so, at each start; whoever else does is not missed much. */
#define NOT_LIBRARIES(a) .other = true, .argument = a, .values = {O_CLOEXEC, O_CLOEXEC}
#define ONLY(a, v, w)    .argument = a, .values = {v, w}

const struct call call_table[] = {
    {CONTROL(exit_group), .kind = CALL_EXIT, NO},
    {CONTROL(pipe2), .kind = CALL_PIPE, .result = true, NO},
    {CONTROL(socketpair), .kind = CALL_SOCKETPAIR, .result = true, NO},
    {CONTROL(setitimer), .kind = CALL_TIMER, NO},
    {CONTROL(timer_create), .kind = CALL_TIMER, NO},
    {CONTROL(timerfd_create), .kind = CALL_TIMER, .result = true, NO},
    {CONTROL(setsockopt), .kind = CALL_TIMER, .reads = 0, .writes = -1, .path = -1,
     ONLY(2, SO_RCVTIMEO, SO_SNDTIMEO)},
    {CONTROL(openat), .kind = CALL_OPEN, .result = true, .reads = -1, .writes = -1, .path = 1,
     NOT_LIBRARIES(2)},
    {CONTROL(mq_open), .kind = CALL_OPEN, .result = true, PATH(0)},
    {CONTROL(socket), MAKES},
    {CONTROL(accept), .kind = CALL_MAKES_FD, .result = true, READS(0)},
    {CONTROL(accept4), .kind = CALL_MAKES_FD, .result = true, READS(0)},
    {CONTROL(memfd_create), MAKES},
    {CONTROL(eventfd2), MAKES},
    {CONTROL(signalfd4), MAKES},
    {CONTROL(epoll_create1), MAKES},
    {CONTROL(dup), .kind = CALL_DUP, .result = true, READS(0)},
    {CONTROL(dup3), .kind = CALL_DUP, .result = true, READS(0)},
    {CONTROL(fcntl), .kind = CALL_DUP, .result = true, .reads = 0, .writes = -1, .path = -1,
     ONLY(1, F_DUPFD, F_DUPFD_CLOEXEC)},
    {CONTROL(close), .kind = CALL_CLOSE, READS(0)},
    {CONTROL(close_range), .kind = CALL_CLOSE_RANGE, NO},
    {CONTROL(shmget), .kind = CALL_GET, .result = true, NO},
    {CONTROL(semget), .kind = CALL_GET, .result = true, NO},
    {CONTROL(msgget), .kind = CALL_GET, .result = true, NO},
    {CONTROL(shmctl), .kind = CALL_REMOVE, .reads = -1, .writes = -1, .path = -1,
     ONLY(1, IPC_RMID, IPC_RMID)},
    {CONTROL(msgctl), .kind = CALL_REMOVE, .reads = -1, .writes = -1, .path = -1,
     ONLY(1, IPC_RMID, IPC_RMID)},
    {CONTROL(semctl), .kind = CALL_REMOVE, .reads = -1, .writes = -1, .path = -1,
     ONLY(2, IPC_RMID, IPC_RMID)},
    {CONTROL(mq_unlink), .kind = CALL_PATH, PATH(0)},
    {CONTROL(unlinkat), .kind = CALL_PATH, PATH(1)},
    {CONTROL(linkat), .kind = CALL_PATH, .result = true, PATH(3)},
    {CONTROL(mknodat), .kind = CALL_PATH, .result = true, PATH(1)},
    {CONTROL(mkdirat), .kind = CALL_PATH, .result = true, PATH(1)},
    {CONTROL(bind), .kind = CALL_BIND, .result = true, READS(0)},
    {CONTROL(rt_sigaction), .kind = CALL_ACTION, .reads = -1, .writes = -1, .path = -1,
     ONLY(0, SIGCHLD, SIGCHLD)},
    {CONTROL(kill), .kind = CALL_KILL, NO},
    {CONTROL(tkill), .kind = CALL_KILL, NO},
    {CONTROL(tgkill), .kind = CALL_KILL, NO},
    {CONTROL(rt_sigqueueinfo), .kind = CALL_KILL, NO},
    {CONTROL(wait4), .kind = CALL_WAIT, .result = true, NO},
    {CONTROL(waitid), .kind = CALL_WAIT, .result = true, NO},
    {CONTROL(rt_sigsuspend), .kind = CALL_SUSPEND, NO},
#if defined(__x86_64__)
    {CONTROL(pipe), .kind = CALL_PIPE, .result = true, NO},
    {CONTROL(alarm), .kind = CALL_TIMER, NO},
    {CONTROL(open), .kind = CALL_OPEN, .result = true, .reads = -1, .writes = -1, .path = 0,
     NOT_LIBRARIES(1)},
    {CONTROL(creat), .kind = CALL_OPEN, .result = true, PATH(0)},
    {CONTROL(eventfd), MAKES},
    {CONTROL(signalfd), MAKES},
    {CONTROL(epoll_create), MAKES},
    {CONTROL(dup2), .kind = CALL_DUP, .result = true, READS(0)},
    {CONTROL(unlink), .kind = CALL_PATH, PATH(0)},
    {CONTROL(link), .kind = CALL_PATH, .result = true, PATH(1)},
    {CONTROL(mknod), .kind = CALL_PATH, .result = true, PATH(0)},
    {CONTROL(mkdir), .kind = CALL_PATH, .result = true, PATH(0)},
    {CONTROL(pause), .kind = CALL_SUSPEND, NO},
#endif
    {FLOW(read), .kind = CALL_READ, READS(0)},
    {FLOW(readv), .kind = CALL_READ, READS(0)},
    {FLOW(pread64), .kind = CALL_READ, READS(0)},
    {FLOW(preadv), .kind = CALL_READ, READS(0)},
    {FLOW(preadv2), .kind = CALL_READ, READS(0)},
    {FLOW(recvfrom), .kind = CALL_READ, READS(0)},
    {FLOW(recvmsg), .kind = CALL_READ, READS(0)},
    {FLOW(recvmmsg), .kind = CALL_READ, READS(0)},
    {FLOW(write), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(writev), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(pwrite64), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(pwritev), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(pwritev2), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(vmsplice), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(sendto), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(sendmsg), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(sendmmsg), .kind = CALL_WRITE, WRITES(0)},
    {FLOW(sendfile), .kind = CALL_COPY, COPIES(1, 0)},
    {FLOW(splice), .kind = CALL_COPY, COPIES(0, 2)},
    {FLOW(tee), .kind = CALL_COPY, COPIES(0, 1)},
    {FLOW(copy_file_range), .kind = CALL_COPY, COPIES(0, 2)},
    {DATA(semop), .kind = CALL_LOCK, NO},
    {DATA(semtimedop), .kind = CALL_LOCK, NO},
    {DATA(msgsnd), .kind = CALL_LOCK, NO},
    {DATA(msgrcv), .kind = CALL_LOCK, NO},
    {DATA(mq_timedsend), .kind = CALL_LOCK, WRITES(0)},
    {DATA(mq_timedreceive), .kind = CALL_LOCK, READS(0)},
    {DATA(futex), .kind = CALL_LOCK, NO},
    {DATA(flock), .kind = CALL_LOCK, READS(0)},
    {DATA(nanosleep), .kind = CALL_SLEEP, NO},
    {DATA(clock_nanosleep), .kind = CALL_SLEEP, NO},
    {DATA(ppoll), .kind = CALL_POLL, NO},
    {DATA(pselect6), .kind = CALL_POLL, NO},
    {DATA(epoll_pwait), .kind = CALL_POLL, READS(0)},
    {DATA(epoll_pwait2), .kind = CALL_POLL, READS(0)},
    {DATA(rt_sigtimedwait), .kind = CALL_SLEEP, NO},
    {DATA(shmat), .kind = CALL_ATTACH, NO},
    {DATA(shmdt), .kind = CALL_ATTACH, NO},
    {DATA(connect), .kind = CALL_CONNECT, READS(0)},
    {DATA(listen), .kind = CALL_CONNECT, READS(0)},
    {DATA(shutdown), .kind = CALL_CONNECT, READS(0)},
    {DATA(restart_syscall), .kind = CALL_AGAIN, NO},
    {DATA(rt_sigreturn), .kind = CALL_RETURN, NO},
#if defined(__x86_64__)
    {DATA(poll), .kind = CALL_POLL, NO},
    {DATA(select), .kind = CALL_POLL, NO},
    {DATA(epoll_wait), .kind = CALL_POLL, READS(0)},
#endif
};
const size_t call_table_count = ARRAY_SIZE(call_table);

const struct call *calls_find(long number)
{
    for (size_t i = 0; i < call_table_count; i++)
        if (call_table[i].number == number)
            return &call_table[i];
    return NULL;
}

bool calls_is_watched(const struct call *c, enum watching watching, const uint64_t *args)
{
    if (c->from > watching)
        return false;
    if (c->argument < 0 || watching == WATCH_ALL)
        return true;
    const unsigned value = (unsigned)args[c->argument];
    return (value == c->values[0] || value == c->values[1]) != c->other;
}

const struct timed_call timed_calls[] = {
    {SYS_semtimedop, 3, true},   {SYS_rt_sigtimedwait, 2, true}, {SYS_epoll_pwait, 3, false},
    {SYS_epoll_pwait2, 3, true}, {SYS_io_getevents, 4, true},
#if defined(__x86_64__)
    {SYS_epoll_wait, 3, false},
#endif
};
const size_t timed_calls_count = ARRAY_SIZE(timed_calls);

const struct timed_call *calls_timed(long number)
{
    for (size_t i = 0; i < timed_calls_count; i++)
        if (timed_calls[i].number == number)
            return &timed_calls[i];
    return NULL;
}

const char *calls_kind_name(enum call_kind kind)
{
    static const char *const names[CALL_KINDS] = {
        "none", "exit",   "pipe", "fork",   "socketpair",  "exec",  "signal", "timer",
        "open", "fd",     "dup",  "close",  "close_range", "get",   "remove", "path",
        "bind", "action", "kill", "wait",   "suspend",     "read",  "write",  "copy",
        "lock", "sleep",  "poll", "attach", "connect",     "again", "return"};
    return names[kind];
}

bool calls_is_flow(enum call_kind kind)
{
    return kind == CALL_READ || kind == CALL_WRITE || kind == CALL_COPY;
}

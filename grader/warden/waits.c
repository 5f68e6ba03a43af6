/*
 * What a blocked process waits for, as an object of the kernel, and who could end the wait. One function for
 * each family of objects; the facts that they rely on are those of proc(5) and of the calls' man pages. The
 * layouts of semaphores, mutexes and condition variables are glibc's (nptl, x86-64 and arm64).
 */
#include "scene.h"
#include "sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static people bit(const struct scene *s, const struct person *p)
{
    return 1ULL << (p - s->people);
}

static struct person *find(struct scene *s, pid_t pid)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->people[i].pid == pid)
            return &s->people[i];
    return NULL;
}

/* The object's name in the log. */
static void __attribute__((format(printf, 3, 4)))
set_key(struct scene *s, struct person *p, const char *format, ...)
{
    char text[280];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->wait.key = log_name(s->r, text);
}

/* The holder is known by its number; it may be one of the test's processes, or have ended. */
static void held_by(struct scene *s, struct person *p, pid_t holder)
{
    struct person *h = find(s, holder);
    p->wait.holder = holder;
    struct proc_stat st;
    p->wait.holder_gone = holder > 0 && !h && !(s->partial && proc_stat(holder, &st));
    p->wait.enders = h ? bit(s, h) : 0;
}

/* ---- pipes and FIFOs ------------------------------------------------------------------------------------
 */

static people holders(struct scene *s, const struct person *but, const char *object, bool write)
{
    people who = 0;
    for (size_t i = 0; i < s->count; i++)
        if (&s->people[i] != but && scene_end(s->people[i].fds, s->people[i].fds_count, object, write))
            who |= 1ULL << i;
    return who;
}

static void wait_on_descriptors(struct scene *s, struct person *p)
{
    for (size_t i = 0; i < p->look.fds_count; i++) {
        const struct blocked_fd *f = &p->look.fds[i];
        p->wait.enders |= holders(s, p, f->object, !f->write);
        p->wait.outside |= scene_judge_holds(s, f->object, !f->write) || run_is_outside(s->r, f->object);
    }
}

/* open(2) of a FIFO ends when somebody opens the other end: any other process might. */
static void wait_for_partner(struct scene *s, struct person *p)
{
    const struct proc_syscall *raw = &p->look.raw;
    const bool at = raw->number == SYS_openat;
    const int mode = (int)raw->args[at ? 2 : 1] & O_ACCMODE;
    char path[200] = "";
    /* a path may end just before an unreadable page: less is tried then */
    for (size_t size = sizeof path - 1;
         size >= 8 && !proc_memory(&s->r->w->access, p->pid, raw->args[at], path, size); size /= 2)
        path[0] = '\0';
    set_key(s, p, "%s", path);
    snprintf(p->wait.object, sizeof p->wait.object, "the FIFO %s, which nobody has open for %s",
             path[0] ? path : "that it opens", mode == O_RDONLY ? "writing" : "reading");
    p->wait.enders = scene_others(s, p);
}

/* ---- futexes: semaphores, mutexes, condition variables ---------------------------------------------------
 */

static bool mapping_at(struct scene *s, struct person *p, uint64_t address, struct mapping *m)
{
    return proc_mapping(scene_maps(s, p), address, m);
}

static bool maps_it(struct scene *s, struct person *p, const struct mapping *wanted)
{
    char key[64];
    snprintf(key, sizeof key, " %s %llu ", wanted->device, wanted->inode);
    return strstr(scene_maps(s, p), key);
}

/* "major:minor" in hexadecimal, as maps and locks show a device. */
static bool is_device(const char *text, dev_t device)
{
    unsigned high, low;
    return sscanf(text, "%x:%x", &high, &low) == 2 && high == major(device) && low == minor(device);
}

/* sem_open(3) of glibc maps the file under a name that it removes at once: the inode tells. */
static bool shm_name(const struct mapping *m, char *name, size_t room)
{
    DIR *d = opendir("/dev/shm");
    struct stat st;
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == m->inode &&
            is_device(m->device, st.st_dev)) {
            snprintf(name, room, "/%.100s", strncmp(e->d_name, "sem.", 4) == 0 ? e->d_name + 4 : e->d_name);
            found = true;
        }
    }
    if (d)
        closedir(d);
    return found;
}

static void place_of(const struct mapping *m, uint64_t address, char *text, size_t room)
{
    char name[128];
    const unsigned long long offset = address - m->start + m->offset;
    if (m->mode[3] != 's')
        snprintf(text, room, "in private memory");
    else if (shm_name(m, name, sizeof name))
        snprintf(text, room, "%s", name);
    else if (strncmp(m->path, "/SYSV", 5) == 0)
        snprintf(text, room, "in the System V segment %.13s at offset %llu", m->path + 5, offset);
    else
        snprintf(text, room, "in shared memory at offset %llu", offset);
}

/* The thread that has the mutex whose words these are, if it is one: an ordinary one waits for the value 2, a
 * robust one for the owner's number with FUTEX_WAITERS; both keep the owner in the third word. 0 if it is
 * none. */
static pid_t mutex_owner(uint32_t wanted, const uint32_t *word)
{
    if (wanted == 2 && word[0] == 2)
        return (pid_t)word[2];
    if (wanted & FUTEX_WAITERS && word[0] == wanted && (wanted & FUTEX_TID_MASK) == word[2])
        return (pid_t)word[2];
    return 0;
}

static void wait_for_futex(struct scene *s, struct person *p)
{
    const struct proc_access *a = &s->r->w->access;
    const uint64_t address = p->look.raw.args[0];
    const uint32_t wanted = (uint32_t)p->look.raw.args[2];
    uint32_t word[4] = {0}; /* sem_t: value, waiters, 128 if shared; mutex: lock, count, owner's tid, users */
    struct mapping m;
    char place[200];
    if (!mapping_at(s, p, address, &m) || !proc_memory(a, scene_thread(p), address, word, sizeof word))
        return;
    const bool shared = m.mode[3] == 's', shared_call = !(p->look.raw.args[1] & FUTEX_PRIVATE_FLAG);
    place_of(&m, address, place, sizeof place);
    for (size_t i = 0; i < s->count; i++)
        if (&s->people[i] != p && shared && maps_it(s, &s->people[i], &m))
            p->wait.enders |= 1ULL << i;
    p->wait.private_memory = !shared;
    p->wait.private_call = shared && !shared_call && p->stat.threads == 1;
    if (p->wait.private_call)
        p->wait.enders = 0;
    const pid_t owner = mutex_owner(wanted, word);
    if (owner) {
        const pid_t process = proc_tgid(owner);
        held_by(s, p, process ? process : owner);
        p->wait.thread = owner;
        p->look.call = "pthread_mutex_lock";
        snprintf(p->wait.object, sizeof p->wait.object, "the mutex %s", place);
    } else if (wanted == 0 && word[1] && (shared_call ? word[2] == 128 : word[1] < 8)) {
        p->look.call = "sem_wait";
        snprintf(p->wait.object, sizeof p->wait.object, "the semaphore %s, whose value is %u", place,
                 word[0]);
    } else {
        snprintf(p->wait.object, sizeof p->wait.object, "a condition variable, barrier or lock %s", place);
    }
}

/* pthread_join(3) waits at the word where the kernel clears the other thread's number (CLONE_CHILD_CLEARTID):
 * with a call for several processes, in memory of one. 0 if it is something else. */
static pid_t joined(const struct proc_syscall *raw, const struct mapping *m, const uint32_t *word,
                    pid_t process)
{
    const pid_t thread = (pid_t)raw->args[2];
    const bool fits = !(raw->args[1] & FUTEX_PRIVATE_FLAG) && m->mode[3] != 's' && word[0] == raw->args[2];
    return fits && thread > 0 && proc_tgid(thread) == process ? thread : 0;
}

/* What a thread waits for, if it is a mutex or another thread's end: the thread that has or is it. */
static pid_t thread_waits_for(struct scene *s, struct person *process, struct person *thread)
{
    uint32_t word[4] = {0};
    struct mapping m;
    char place[200];
    const struct proc_syscall *raw = &thread->look.raw;
    if (thread->look.class != BLOCKED_LOCK || !thread->look.forever || raw->number != SYS_futex ||
        !mapping_at(s, process, raw->args[0], &m) ||
        !proc_memory(&s->r->w->access, thread->pid, raw->args[0], word, sizeof word))
        return 0;
    const pid_t other = joined(raw, &m, word, process->pid);
    if (other) {
        thread->look.call = "pthread_join";
        snprintf(thread->wait.object, sizeof thread->wait.object, "thread %d to end", other);
        return other;
    }
    place_of(&m, raw->args[0], place, sizeof place);
    snprintf(thread->wait.object, sizeof thread->wait.object, "the mutex %s", place);
    thread->look.call = "pthread_mutex_lock";
    thread->wait.holder = process->pid;
    thread->wait.thread = mutex_owner((uint32_t)raw->args[2], word);
    return thread->wait.thread;
}

/* Follows the owners from one thread. True if they lead back to it and none of them ran meanwhile, so that it
 * was all so at one moment. */
static bool follow_owners(struct scene *s, struct person *process, pid_t first)
{
    uint64_t switches[KNOT_MAX];
    pid_t next = first;
    s->knot_count = 0;
    do {
        if (s->knot_count == KNOT_MAX || proc_tgid(next) != process->pid)
            return false;
        struct person *thread = &s->knot[s->knot_count];
        *thread = (struct person){.pid = next, .stat = process->stat, .is_thread = true};
        snprintf(thread->role, sizeof thread->role, "%s", process->role);
        switches[s->knot_count++] = proc_switches(process->pid, next);
        if (!blocked_look(&s->r->w->access, process->pid, next, &thread->look))
            return false;
        next = thread_waits_for(s, process, thread);
    } while (next && next != first);
    for (size_t i = 0; i < s->knot_count; i++)
        if (switches[i] == UINT64_MAX || proc_switches(process->pid, s->knot[i].pid) != switches[i])
            return false;
    return next;
}

/* Threads of one process that wait for each other: to the other processes it is one that waits. */
static void find_knot(struct scene *s)
{
    pid_t threads[256];
    for (size_t i = 0; i < s->count; i++) {
        struct person *p = &s->people[i];
        const size_t n = p->stat.threads > 1 ? proc_threads(p->pid, threads, ARRAY_SIZE(threads)) : 0;
        for (size_t k = 0; k < n; k++)
            if (follow_owners(s, p, threads[k]))
                return;
    }
    s->knot_count = 0;
}

/* ---- System V and POSIX queues, System V semaphores
 * -------------------------------------------------------- */

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void wait_for_semop(struct scene *s, struct person *p)
{
    struct sembuf ops[8];
    const int id = (int)p->look.raw.args[0];
    size_t n = (size_t)p->look.raw.args[2];
    n = n < ARRAY_SIZE(ops) ? n : ARRAY_SIZE(ops);
    p->wait.enders = scene_others(s, p);
    set_key(s, p, "sem:%d", id);
    snprintf(p->wait.object, sizeof p->wait.object, "the System V semaphore set %d", id);
    if (!n || !proc_memory(&s->r->w->access, p->pid, p->look.raw.args[1], ops, n * sizeof *ops))
        return;
    leftovers_as_student(s->r->w, true); /* as the set's owner */
    for (size_t i = 0; i < n; i++) {
        const int value = semctl(id, ops[i].sem_num, GETVAL, (union semun){0});
        if (value < 0 || (ops[i].sem_op == 0 ? value == 0 : value + ops[i].sem_op >= 0))
            continue;
        if (ops[i].sem_op == 0)
            snprintf(p->wait.object, sizeof p->wait.object,
                     "System V semaphore %d of set %d to be 0: its value is %d", ops[i].sem_num, id, value);
        else
            snprintf(p->wait.object, sizeof p->wait.object,
                     "%d of System V semaphore %d of set %d, whose value is %d", -ops[i].sem_op,
                     ops[i].sem_num, id, value);
        break;
    }
    leftovers_as_student(s->r->w, false);
}

/* /proc/sysvipc/msg: key msqid perms cbytes qnum … */
static void wait_for_queue(struct scene *s, struct person *p)
{
    char text[65536];
    const int id = (int)p->look.raw.args[0];
    const bool receives = p->look.raw.number == SYS_msgrcv;
    p->wait.enders = scene_others(s, p);
    set_key(s, p, "msg:%d", id);
    snprintf(p->wait.object, sizeof p->wait.object, "the System V message queue %d", id);
    if (read_file("/proc/sysvipc/msg", text, sizeof text) <= 0)
        return;
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        long long key, bytes, count;
        int found;
        if (sscanf(line, "%lld %d %*o %lld %lld", &key, &found, &bytes, &count) != 4 || found != id)
            continue;
        char wants[64] = "";
        if (receives && p->look.raw.args[3])
            snprintf(wants, sizeof wants, " of type %ld", (long)p->look.raw.args[3]);
        else if (receives)
            snprintf(wants, sizeof wants, " of any type");
        snprintf(p->wait.object, sizeof p->wait.object,
                 "%s%s %s the System V message queue %d, which holds %lld (%lld bytes)",
                 receives ? "a message" : "room for a message", wants, receives ? "from" : "in", id, count,
                 bytes);
    }
}

static void wait_for_mq(struct scene *s, struct person *p)
{
    const bool receives = p->look.raw.number == SYS_mq_timedreceive;
    const char *name = p->look.fds_count ? p->look.fds[0].object : "";
    p->wait.enders = holders(s, p, name, receives);
    p->wait.outside = scene_judge_holds(s, name, receives);
    set_key(s, p, "/dev/mqueue%s", name);
    snprintf(p->wait.object, sizeof p->wait.object, "%s the message queue %s, which is %s",
             receives ? "a message from" : "room in", name, receives ? "empty" : "full");
}

/* ---- sockets
 * ----------------------------------------------------------------------------------------------- */

static void wait_for_socket(struct scene *s, struct person *p, const struct blocked_fd *f,
                            unsigned long inode)
{
    const long number = p->look.raw.number;
    const bool accepts = number == SYS_accept || number == SYS_accept4, connects = number == SYS_connect;
    struct socket_look look;
    char what[80] = "a socket";
    sockets_look(inode, &look);
    const unsigned long peer = look.peer;
    if (look.is_tcp && (accepts || connects))
        snprintf(what, sizeof what, "TCP port %u", accepts ? look.local_port : look.remote_port);
    else if (look.is_tcp)
        snprintf(what, sizeof what, "the TCP connection from port %u to port %u", look.local_port,
                 look.remote_port);
    if (accepts || connects) {
        snprintf(p->wait.object, sizeof p->wait.object, "%s %s", accepts ? "a client at" : "a server at",
                 what);
        p->wait.enders = scene_others(s, p);
        return;
    }
    p->wait.stream = look.is_stream;
    if (peer) {
        char object[64];
        snprintf(object, sizeof object, "socket:[%lu]", peer);
        p->wait.enders = holders(s, p, object, true);
        p->wait.outside = scene_judge_holds(s, object, true);
    } else {
        p->wait.enders = scene_others(s, p); /* datagrams: from anybody */
    }
    snprintf(p->wait.object, sizeof p->wait.object, "%s %s", f->write ? "room in" : "data from",
             strcmp(what, "a socket") ? what
             : peer                   ? "the peer of its socket"
                                      : "its socket");
}

static bool waits_on_socket(struct scene *s, struct person *p)
{
    for (size_t i = 0; i < p->look.fds_count; i++) {
        unsigned long inode = sockets_inode(p->look.fds[i].object);
        if (inode && (p->look.class == BLOCKED_READ || p->look.class == BLOCKED_WRITE)) {
            wait_for_socket(s, p, &p->look.fds[i], inode);
            return true;
        }
    }
    return false;
}

/* ---- file locks, children, signals
 * -------------------------------------------------------------------------- */

/* /proc/locks: "1: POSIX  ADVISORY  WRITE 4093 00:2a:1203 0 EOF", waiters with "->" after the number. */
static void wait_for_lock(struct scene *s, struct person *p)
{
    struct stat st;
    char path[64], text[16384], name[128] = "a file";
    bool itself = false;
    if (!p->look.fds_count || read_file("/proc/locks", text, sizeof text) <= 0)
        return;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", p->pid, p->look.fds[0].fd);
    leftovers_as_student(s->r->w, true);
    const bool known = stat(path, &st) == 0;
    leftovers_as_student(s->r->w, false);
    const char *base = strrchr(p->look.fds[0].object, '/');
    snprintf(name, sizeof name, "%.120s", base ? base + 1 : p->look.fds[0].object);
    snprintf(p->wait.object, sizeof p->wait.object, "the lock of the file %s", name);
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); known && line;
         line = strtok_r(NULL, "\n", &save)) {
        char family[16], place[64]; /* the place is device:inode */
        int holder;
        if (strstr(line, "->") || sscanf(line, "%*d: %15s %*s %*s %d %63s", family, &holder, place) != 3)
            continue;
        const bool flock = p->look.raw.number == SYS_flock;
        if ((strcmp(family, "FLOCK") == 0) != flock || !is_device(place, st.st_dev) ||
            strtoull(strrchr(place, ':') + 1, NULL, 10) != st.st_ino)
            continue;
        if (holder > 0 && holder != p->pid) {
            held_by(s, p, holder);
            return;
        }
        itself |= holder == p->pid;
        p->wait.enders |=
            holder == p->pid ? 0 : scene_others(s, p); /* of an open file description: anybody's */
    }
    if (itself && p->look.raw.number == SYS_flock) /* through another open of the file */
        held_by(s, p, p->pid);
}

pid_t scene_awaited(const struct proc_syscall *call)
{
    if (call->number == SYS_wait4)
        return (pid_t)call->args[0] > 0 ? (pid_t)call->args[0] : -1;
    if (call->number == SYS_waitid && call->args[0] == P_PID)
        return (pid_t)call->args[1];
    return -1; /* in vfork(2): the one that has its memory, whichever that is */
}

static void wait_for_child(struct scene *s, struct person *p)
{
    const struct proc_syscall *raw = &p->look.raw;
    const pid_t wanted = scene_awaited(raw);
    p->wait.child = wanted > 0 ? wanted : -1;
    for (size_t i = 0; i < s->count; i++)
        if (s->people[i].stat.ppid == p->pid && (wanted <= 0 || wanted == s->people[i].pid))
            p->wait.enders |= 1ULL << i;
    if (raw->number != SYS_wait4 && raw->number != SYS_waitid)
        snprintf(p->wait.object, sizeof p->wait.object, "its child to execute a program or to end");
    else
        snprintf(p->wait.object, sizeof p->wait.object, wanted > 0 ? "its child %d to end" : "a child to end",
                 wanted);
}

void waits_understand(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct person *p = &s->people[i];
        const long number = p->look.raw.number;
        switch (p->look.class) {
        case BLOCKED_READ:
        case BLOCKED_WRITE:
        case BLOCKED_POLL:
            if (!waits_on_socket(s, p))
                wait_on_descriptors(s, p);
            break;
        case BLOCKED_OPEN:
            wait_for_partner(s, p);
            break;
        case BLOCKED_WAIT:
            wait_for_child(s, p);
            break;
        case BLOCKED_SIGNAL:
            p->wait.enders = scene_others(s, p);
            p->wait.in_set = number == SYS_rt_sigtimedwait;
            break;
        case BLOCKED_LOCK:
            if (number == SYS_futex)
                wait_for_futex(s, p);
            else if (number == SYS_semop || number == SYS_semtimedop)
                wait_for_semop(s, p);
            else if (number == SYS_msgrcv || number == SYS_msgsnd)
                wait_for_queue(s, p);
            else if (number == SYS_mq_timedreceive || number == SYS_mq_timedsend)
                wait_for_mq(s, p);
            else
                wait_for_lock(s, p);
            break;
        default:
            break;
        }
    }
    find_knot(s);
}

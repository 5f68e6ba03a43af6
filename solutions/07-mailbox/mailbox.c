/*
 * Lab 07: mailboxes (tasks 1 to 3) and messages from process to process (task 4). The contract: mailbox.h.
 *
 *     mb_send ---\                            /--- mb_recv
 *     mb_send ----+--> [ | |x|x|x|x] NAME ---+---- mb_recv
 */
//: solution
/*
 * A mailbox NAME is a POSIX message queue, /mb.NAME: the kernel keeps the messages, counts them, and lets
 * those wait who have to. With cap 0 there are two queues more:
 *
 *     /turn.NAME   holds one empty message: whoever has taken it may send, and puts it back afterwards.
 *     /ack.NAME    the receiver puts an empty message here when it has taken one from the mailbox.
 *
 * One sender at a time, so an acknowledgement can only be meant for the one who waits for it.
 *
 * With cap -1 the messages lie in a shared memory object, /mb.NAME, one behind the other, and the queue is a
 * bell: it holds one empty message when there is anything in the object. Who has taken the bell takes a
 * message, and rings again if there are more.
 *
 * The mailbox of a process is a System V message queue with a key made of its pid. The type of a message is
 * its sender's pid: so msgrcv() itself finds the oldest message of one sender and leaves those of others.
 */
//: end
#include "mailbox.h"

//: solution
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

/* What goes through a queue: the kernel does not tell who has sent a message, so the message says it. */
struct letter {
    pid_t from;
    char bytes[MB_MAX];
};
#define HEAD offsetof(struct letter, bytes)

/* What the object of an unbounded mailbox begins with: where the messages are in it, each behind its size. */
struct pile {
    off_t first, end;
};

struct mb {
    mqd_t box;
    mqd_t turn, ack; /* only with cap 0, else -1 */
    int pile;        /* only with cap -1, else -1 */
    size_t max;
};

/* ---- time -------------------------------------------------------------------------------------- */

/* `ms` from now on that clock. */
static struct timespec after(clockid_t clock, int ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

/* With ms 0 the time is over before the call begins: it still does what it can do at once. But it is called
 * EAGAIN then. */
static ssize_t in_time(ssize_t returned, int ms)
{
    if (returned < 0 && errno == ETIMEDOUT && ms == 0)
        errno = EAGAIN;
    return returned;
}

static ssize_t put(mqd_t queue, const void *message, size_t size, int ms)
{
    if (ms < 0)
        return mq_send(queue, message, size, 0);
    const struct timespec end = after(CLOCK_REALTIME, ms); /* the clock of mq_timedsend */
    return in_time(mq_timedsend(queue, message, size, 0, &end), ms);
}

static ssize_t get(mqd_t queue, void *message, size_t room, int ms)
{
    if (ms < 0)
        return mq_receive(queue, message, room, NULL);
    const struct timespec end = after(CLOCK_REALTIME, ms);
    return in_time(mq_timedreceive(queue, message, room, NULL, &end), ms);
}

/* ---- names and queues -------------------------------------------------------------------------- */

/* The prefix keeps them apart: no mailbox's queue is another one's turn. */
static const char *queue_name(const char *kind, const char *name, char *room)
{
    snprintf(room, NAME_MAX, "/%s.%s", kind, name);
    return room;
}

static mqd_t make_queue(const char *kind, const char *name, long count, size_t size)
{
    char path[NAME_MAX];
    struct mq_attr a = {.mq_maxmsg = count, .mq_msgsize = (long)size};
    return mq_open(queue_name(kind, name, path), O_RDWR | O_CREAT | O_EXCL, 0600, &a);
}

static mqd_t open_queue(const char *kind, const char *name)
{
    char path[NAME_MAX];
    return mq_open(queue_name(kind, name, path), O_RDWR);
}

static int remove_queue(const char *kind, const char *name)
{
    char path[NAME_MAX];
    return mq_unlink(queue_name(kind, name, path));
}

/* What a mailbox without room needs besides: an empty queue for acknowledgements, and whose turn it is. */
static int make_rendezvous(const char *name)
{
    mqd_t ack = make_queue("ack", name, 1, 1);
    if (ack < 0)
        return -1;
    mq_close(ack);
    mqd_t turn = make_queue("turn", name, 1, 1);
    if (turn < 0)
        return -1;
    int returned = mq_send(turn, "", 0, 0);
    mq_close(turn);
    return returned;
}

/* What an unbounded mailbox needs besides. */
static int make_pile(const char *name)
{
    char path[NAME_MAX];
    const struct pile p = {sizeof p, sizeof p};
    int file = shm_open(queue_name("mb", name, path), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file < 0)
        return -1;
    ssize_t n = pwrite(file, &p, sizeof p, 0); /* to Linux it is a file like any other */
    close(file);
    return n == (ssize_t)sizeof p ? 0 : -1;
}

/* Puts a message on the pile, with the lock, and rings if there was none. The bell is not in the queue then,
 * so that does not wait. */
static int pile_up(mb *m, const struct letter *l, size_t size)
{
    struct pile p;
    int returned = -1;
    flock(m->pile, LOCK_EX);
    if (pread(m->pile, &p, sizeof p, 0) != (ssize_t)sizeof p)
        goto out;
    const bool was_empty = p.first == p.end;
    if (pwrite(m->pile, &size, sizeof size, p.end) != (ssize_t)sizeof size ||
        pwrite(m->pile, l, size, p.end + (off_t)sizeof size) != (ssize_t)size)
        goto out; /* no memory: nobody sees what lies behind the end */
    p.end += (off_t)(sizeof size + size);
    if (pwrite(m->pile, &p, sizeof p, 0) == (ssize_t)sizeof p)
        returned = was_empty ? mq_send(m->box, "", 0, 0) : 0;
out:
    flock(m->pile, LOCK_UN);
    return returned;
}

/* Takes the lowest message; called by who has taken the bell. */
static ssize_t take_off(mb *m, struct letter *l)
{
    struct pile p;
    size_t size = 0;
    ssize_t n = -1;
    flock(m->pile, LOCK_EX);
    if (pread(m->pile, &p, sizeof p, 0) == (ssize_t)sizeof p &&
        pread(m->pile, &size, sizeof size, p.first) == (ssize_t)sizeof size)
        n = pread(m->pile, l, size, p.first + (off_t)sizeof size);
    if (n >= 0) {
        p.first += (off_t)(sizeof size + size);
        const bool more = p.first != p.end;
        if (!more) /* begin at the beginning again: that frees the memory */
            p = (struct pile){sizeof p, sizeof p};
        if (pwrite(m->pile, &p, sizeof p, 0) < 0 ||
            (more ? mq_send(m->box, "", 0, 0) : ftruncate(m->pile, p.end)) < 0)
            n = -1;
    }
    flock(m->pile, LOCK_UN);
    return n;
}
//: skeleton
//| #include <stdio.h> /* for the first message below */
//|
//| struct mb {
//|     int nothing_yet; /* what belongs here? */
//| };
//: end

/* ---- tasks 1 to 3: mailboxes with names -------------------------------------------------------- */

int mb_create(const char *name, int cap, size_t max)
{
    //: solution
    if (cap < MB_UNBOUNDED || cap > MB_CAP_MAX || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    /* O_EXCL: of two that make the same mailbox one fails, and a mailbox that is there keeps its messages. */
    mqd_t box = make_queue("mb", name, cap > 0 ? cap : 1, HEAD + max);
    if (box < 0)
        return -1;
    mq_close(box);
    if ((cap == 0 && make_rendezvous(name) < 0) || (cap == MB_UNBOUNDED && make_pile(name) < 0)) {
        int error = errno;
        mb_delete(name);
        errno = error;
        return -1;
    }
    return 0;
    //: skeleton
    //| /* TODO 1: test cap and max. Make something that outlives this process and that others find by
    //|  *         `name`: a POSIX message queue, say (mq_open with O_CREAT | O_EXCL, and room for `cap`
    //|  *         messages, each as long as max and what TODO 5 adds). Close it again. Where something
    //|  *         fails, leave nothing.
    //|  * TODO 8: what does a mailbox with cap 0 need besides (task 3)? Here, and in the three functions
    //|  *         below. */
    //| fprintf(stderr, "mb_create: nothing here yet; begin with TODO 1 in mailbox.c\n");
    //| (void)name;
    //| (void)cap;
    //| (void)max;
    //| return -1;
    //: end
}

mb *mb_open(const char *name)
{
    //: solution
    struct mq_attr a;
    char path[NAME_MAX];
    mb *m = malloc(sizeof *m);
    if (m == NULL)
        return NULL;
    m->box = open_queue("mb", name);
    if (m->box < 0 || mq_getattr(m->box, &a) < 0)
        goto failed;
    m->max = (size_t)a.mq_msgsize - HEAD;
    m->turn = open_queue("turn", name); /* there is none if there is room for messages */
    m->ack = open_queue("ack", name);
    m->pile = shm_open(queue_name("mb", name, path), O_RDWR, 0);
    return m;

failed:
    free(m);
    return NULL;
    //: skeleton
    //| /* TODO 2: find it by its name; a struct mb holds what the other functions need: max, too. */
    //| (void)name;
    //| return NULL;
    //: end
}

int mb_close(mb *m)
{
    //: solution
    mq_close(m->box);
    if (m->turn >= 0)
        mq_close(m->turn);
    if (m->ack >= 0)
        mq_close(m->ack);
    if (m->pile >= 0)
        close(m->pile);
    free(m);
    return 0;
    //: skeleton
    //| /* TODO 3: what mb_open has got goes back: descriptors, memory. The mailbox stays. */
    //| (void)m;
    //| return -1;
    //: end
}

int mb_delete(const char *name)
{
    //: solution
    char path[NAME_MAX];
    if (remove_queue("mb", name) < 0)
        return -1;
    remove_queue("turn", name); /* if there are any */
    remove_queue("ack", name);
    shm_unlink(queue_name("mb", name, path));
    return 0;
    //: skeleton
    //| /* TODO 4: remove all that mb_create has made. */
    //| (void)name;
    //| return -1;
    //: end
}

//: solution
/* Waits for the turn, sends, waits until that has been received, and lets the next one. */
static int hand_over(mb *m, const struct letter *l, size_t size)
{
    char none[1];
    if (get(m->turn, none, sizeof none, -1) < 0)
        return -1;
    if (put(m->box, l, size, -1) < 0 || get(m->ack, none, sizeof none, -1) < 0)
        return -1;
    return (int)put(m->turn, none, 0, -1);
}

//: end
int mb_send(mb *m, const void *data, size_t n, int ms)
{
    //: solution
    struct letter l = {.from = getpid()};
    if (n > m->max) { /* before anything waits, and before anything is copied */
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(l.bytes, data, n);
    if (m->turn >= 0)
        return hand_over(m, &l, HEAD + n);
    if (m->pile >= 0)
        return pile_up(m, &l, HEAD + n);
    return (int)put(m->box, &l, HEAD + n, ms);
    //: skeleton
    //| /* TODO 5: is it too large? Then send it, and tell in the message who sends. Wait while the mailbox is
    //|  *         full, or do not (ms 0).
    //|  * TODO 7: wait no longer than ms (task 2).
    //|  * TODO 8: with cap 0, return when it has been received (task 3). */
    //| (void)m;
    //| (void)data;
    //| (void)n;
    //| (void)ms;
    //| return -1;
    //: end
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    //: solution
    struct letter l;
    if (size < m->max) {
        errno = EMSGSIZE;
        return -1;
    }
    /* The queue wants room for the largest message that it could hold, however long this one is. */
    ssize_t n = get(m->box, &l, HEAD + m->max, ms);
    if (n >= 0 && m->pile >= 0)
        n = take_off(m, &l);
    if (n < 0)
        return -1;
    if (m->ack >= 0 && put(m->ack, "", 0, -1) < 0)
        return -1;
    n -= (ssize_t)HEAD;
    memcpy(data, l.bytes, (size_t)n);
    if (from != NULL)
        *from = l.from;
    return n;
    //: skeleton
    //| /* TODO 6: take the oldest message, and who has sent it. Wait while there is none, or do not (ms 0).
    //|  * TODO 7: wait no longer than ms (task 2).
    //|  * TODO 8: with cap 0, let its sender go on (task 3). */
    //| (void)m;
    //| (void)data;
    //| (void)size;
    //| (void)from;
    //| (void)ms;
    //| return -1;
    //: end
}

/* ---- task 4: from process to process ----------------------------------------------------------- */

//: solution
/* msgsnd() and msgrcv() want a long in front, the type. */
struct direct {
    long type; /* the sender's pid */
    char bytes[MB_MAX];
};

static int own = -1; /* the queue of this process */
static pid_t owner;  /* who has opened it: a child inherits both variables, but the queue is not its own */

static key_t key_of(pid_t pid)
{
    return 0x0d000000 | pid; /* a pid has 22 bits */
}

static void remove_own(void)
{
    if (own >= 0 && owner == getpid())
        msgctl(own, IPC_RMID, NULL);
}

/* System V queues know no timeout. So: look, sleep for a millisecond, look again, until the time is over.
 * Returns false then. */
static bool try_again(const struct timespec *end, int ms)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec)) {
        errno = ms == 0 ? EAGAIN : ETIMEDOUT;
        return false;
    }
    nanosleep(&pause, NULL);
    return true;
}
//: end

int dm_open(void)
{
    //: solution
    /* A process that had our pid may have been killed, and its queue is there still. Without IPC_EXCL we
     * would take its messages for ours. */
    const key_t key = key_of(getpid());
    own = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    if (own < 0 && errno == EEXIST) {
        msgctl(msgget(key, 0600), IPC_RMID, NULL);
        own = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    }
    if (own < 0)
        return -1;
    if (owner == 0 && atexit(remove_own) != 0)
        return -1;
    owner = getpid();
    return 0;
    //: skeleton
    //| /* TODO 9: a queue that others find by our pid. It is empty in the beginning, whatever an earlier
    //|  *         process has left, and goes when we end (atexit), but not when a child of ours does. */
    //| return -1;
    //: end
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    //: solution
    struct direct d = {.type = getpid()};
    const int queue = msgget(key_of(to), 0600);
    const struct timespec end = after(CLOCK_MONOTONIC, ms < 0 ? 0 : ms);
    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (queue < 0)
        return -1;
    memcpy(d.bytes, data, n);
    while (msgsnd(queue, &d, n, ms < 0 ? 0 : IPC_NOWAIT) < 0)
        if (errno != EAGAIN || !try_again(&end, ms))
            return -1;
    return 0;
    //: skeleton
    //| /* TODO 10: find the queue of that process, and send; tell in the message who sends. */
    //| (void)to;
    //| (void)data;
    //| (void)n;
    //| (void)ms;
    //| return -1;
    //: end
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    //: solution
    struct direct d;
    ssize_t n;
    const struct timespec end = after(CLOCK_MONOTONIC, ms < 0 ? 0 : ms);
    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    /* Type 0: the oldest message of all; another one: the oldest of that type. */
    while ((n = msgrcv(own, &d, sizeof d.bytes, from, ms < 0 ? 0 : IPC_NOWAIT)) < 0)
        if (errno != ENOMSG || !try_again(&end, ms))
            return -1;
    memcpy(data, d.bytes, (size_t)n);
    if (who != NULL)
        *who = (pid_t)d.type;
    return n;
    //: skeleton
    //| /* TODO 11: take the oldest message of that process, or of anybody. Those of others stay. */
    //| (void)from;
    //| (void)data;
    //| (void)size;
    //| (void)who;
    //| (void)ms;
    //| return -1;
    //: end
}

/*
 * POSIX message queues: each message carries its sender's clock to its receiver, which gets the oldest of its
 * priority. Room is counted in units (units.h): the first mq_maxmsg sends need nobody, each further one a
 * message that was received. The queue is the kernel's; it is asked with a time-out that has passed, so that
 * it never waits.
 *
 * mq_notify is done here: the kernel does not know who waits, and its signals would come when they like.
 */
#include "units.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>

enum { ROOM = 1, STATE = 2, SHIFT = 60 }; /* tags beside the inode's number */
static const struct timespec at_once;

static weave_key key_of(mqd_t q, uint64_t tag)
{
    struct stat st;
    if (fstat(q, &st) != 0)
        return (weave_key){.kind = KIND_MQ};
    return (weave_key){.kind = KIND_MQ, .a = st.st_dev, .b = st.st_ino | tag << SHIFT};
}

static struct weave_object *queue_of(mqd_t q, uint32_t place)
{
    return weave_object(key_of(q, 0), "message queue", place);
}

/* value: as units; limit, owner and note: the value that mq_notify sends, to whom, and the signal's number.
 */
static struct weave_object *room_of(mqd_t q, uint32_t place)
{
    return weave_object(key_of(q, ROOM), "room in a message queue", place);
}

static struct weave_object *notice_of(mqd_t q, uint32_t place)
{
    return weave_object(key_of(q, STATE), "message queue", place);
}

static struct weave_object *names(uint32_t place)
{
    return weave_object((weave_key){.kind = KIND_MQ, .b = 1}, "message queues", place);
}

/* ---- open and close */

static mqd_t open_queue(const char *name, int flags, mode_t mode, const struct mq_attr *attr, bool *made)
{
    mqd_t q = mq_open(name, flags | (*made ? O_EXCL : 0), mode, attr);
    if (q >= 0 || errno != EEXIST || !*made || flags & O_EXCL)
        return q;
    *made = false;
    return mq_open(name, flags, mode, attr);
}

mqd_t __wrap_mq_open(const char *name, int flags, ...)
{
    mode_t mode = 0;
    const struct mq_attr *attr = NULL;
    if (flags & O_CREAT) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        attr = va_arg(list, const struct mq_attr *);
        va_end(list);
    }
    if (!weave_on())
        return mq_open(name, flags, mode, attr);
    weave_string(name, PLACE);
    if (attr)
        weave_range(attr, sizeof *attr, false, PLACE);
    weave_point(OP_MQ_OPEN, (weave_key){.kind = KIND_NONE}, PLACE);
    bool made = flags & O_CREAT;
    mqd_t q = open_queue(name, flags, mode, attr, &made);
    if (q < 0) {
        weave_acquire(names(PLACE));
        return q;
    }
    struct weave_object *queue = queue_of(q, PLACE);
    if (!made) {
        weave_acquire(notice_of(q, PLACE));
        return q;
    }
    struct mq_attr own = {0};
    mq_getattr(q, &own);
    weave_forget(queue->key);
    weave_forget(notice_of(q, PLACE)->key);
    units_set(room_of(q, PLACE), (uint64_t)own.mq_maxmsg);
    queue->made_place = PLACE;
    weave_created(CREATED_MQ, 0, name);
    weave_release(notice_of(q, PLACE));
    weave_release(names(PLACE));
    return q;
}

static bool is_own_notice(const struct weave_object *n)
{
    return n->owner && n->owner - 1 < WEAVE_TASKS && REGION->task[n->owner - 1].pid == weave_self->pid;
}

int __wrap_mq_close(mqd_t q)
{
    if (!weave_on())
        return mq_close(q);
    if (weave_own_fd(q)) {
        errno = EBADF;
        return -1;
    }
    weave_key key = key_of(q, STATE);
    weave_point(OP_CLOSE, key_of(q, 0), PLACE);
    int result = mq_close(q);
    struct weave_object *n = weave_find(key);
    if (result == 0 && n && is_own_notice(n))
        n->owner = 0;
    return result;
}

int __wrap_mq_unlink(const char *name)
{
    if (!weave_on())
        return mq_unlink(name);
    weave_string(name, PLACE);
    weave_point(OP_UNLINK, (weave_key){.kind = KIND_NONE}, PLACE);
    int result = mq_unlink(name);
    if (result != 0) {
        weave_acquire(names(PLACE));
        return result;
    }
    weave_removed(CREATED_MQ, 0, name);
    weave_release(names(PLACE));
    return 0;
}

/* ---- attributes */

static void see(mqd_t q, uint32_t place)
{
    const struct weave_object *queue = queue_of(q, place);
    weave_acquire(queue);
    for (uint32_t i = queue->first; i; i = REGION->token[i].next)
        weave_acquire_clock(&REGION->token[i].clock);
}

int __wrap_mq_getattr(mqd_t q, struct mq_attr *attr)
{
    if (!weave_on())
        return mq_getattr(q, attr);
    weave_point(OP_MQ_GETATTR, key_of(q, 0), PLACE);
    int result = mq_getattr(q, attr);
    if (result == 0) {
        weave_range(attr, sizeof *attr, true, PLACE);
        see(q, PLACE);
    }
    return result;
}

int __wrap_mq_setattr(mqd_t q, const struct mq_attr *attr, struct mq_attr *old)
{
    if (!weave_on())
        return mq_setattr(q, attr, old);
    weave_point(OP_MQ_GETATTR, key_of(q, 0), PLACE);
    if (attr)
        weave_range(attr, sizeof *attr, false, PLACE);
    int result = mq_setattr(q, attr, old);
    if (result == 0 && old) {
        weave_range(old, sizeof *old, true, PLACE);
        see(q, PLACE);
    }
    return result;
}

/* ---- notices */

int __wrap_mq_notify(mqd_t q, const struct sigevent *event)
{
    if (!weave_on())
        return mq_notify(q, event);
    struct mq_attr attr;
    weave_point(OP_MQ_NOTIFY, key_of(q, 0), PLACE);
    if (mq_getattr(q, &attr) != 0)
        return -1;
    struct weave_object *n = notice_of(q, PLACE);
    const struct weave_task *owner = n->owner ? &REGION->task[n->owner - 1] : NULL;
    bool taken =
        owner && owner->state != TASK_FREE && owner->state != TASK_DEAD && (uint64_t)owner->pid == n->sent;
    if (!event) {
        n->owner = taken && !is_own_notice(n) ? n->owner : 0;
        return 0;
    }
    weave_range(event, sizeof *event, false, PLACE);
    if (event->sigev_notify == SIGEV_THREAD)
        weave_stop(VERDICT_UNCONTROLLED, "mq_notify_thread", PLACE, "mq_notify with SIGEV_THREAD");
    if (event->sigev_notify != SIGEV_NONE && event->sigev_notify != SIGEV_SIGNAL) {
        errno = EINVAL;
        return -1;
    }
    if (taken) {
        errno = EBUSY;
        return -1;
    }
    n->owner = weave_number() + 1;
    n->sent = (uint64_t)weave_self->pid; /* a task's number is used again */
    n->note = event->sigev_notify == SIGEV_SIGNAL ? (uint64_t)event->sigev_signo : 0;
    n->limit = (uint64_t)(uintptr_t)event->sigev_value.sival_ptr;
    return 0;
}

/* A message has come to an empty queue: whoever waits in mq_receive goes before whoever asked to be told. */
static void give_notice(mqd_t q, uint32_t place)
{
    struct weave_object *n = notice_of(q, place);
    weave_key key = key_of(q, 0);
    if (!n->owner)
        return;
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_task *t = &REGION->task[i];
        if (t->state == TASK_BLOCKED && t->wait.op == OP_MQ_RECEIVE && weave_same_key(&t->wait.key, &key))
            return;
    }
    struct weave_task *to = &REGION->task[n->owner - 1];
    bool there = to->state != TASK_FREE && to->state != TASK_DEAD && (uint64_t)to->pid == n->sent;
    n->owner = 0;
    if (there && n->note)
        weave_signal_value(to, (int)n->note, SI_MESGQ, (int64_t)n->limit);
}

/* ---- messages */

/* After a try failed; 0: look again. */
static int wait_again(mqd_t q, enum weave_op op, uint64_t deadline, uint32_t place)
{
    if (errno == EINTR)
        return 0;
    return errno == ETIMEDOUT ? weave_block(op, key_of(q, 0), deadline, place) : errno;
}

static int send(mqd_t q, const char *text, size_t size, unsigned priority, uint64_t deadline, uint32_t place)
{
    weave_key key = key_of(q, 0);
    struct mq_attr attr;
    weave_point(OP_MQ_SEND, key, place);
    for (;;) {
        bool was_empty = mq_getattr(q, &attr) == 0 && attr.mq_curmsgs == 0;
        if (mq_timedsend(q, text, size, priority, &at_once) == 0) {
            struct weave_object *queue = queue_of(q, place);
            weave_range(text, size, false, place);
            queue->last_place = place;
            units_take(room_of(q, place), 1);
            weave_send(queue, priority, place);
            if (was_empty)
                give_notice(q, place);
            weave_wake(key);
            return 0;
        }
        int e = wait_again(q, OP_MQ_SEND, deadline, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

static ssize_t receive(mqd_t q, char *text, size_t size, unsigned *priority, uint64_t deadline,
                       uint32_t place)
{
    weave_key key = key_of(q, 0);
    unsigned own = 0;
    weave_point(OP_MQ_RECEIVE, key, place);
    for (;;) {
        ssize_t got = mq_timedreceive(q, text, size, &own, &at_once);
        if (got >= 0) {
            struct weave_object *queue = queue_of(q, place);
            weave_range(text, (size_t)got, true, place);
            if (priority) {
                weave_range(priority, sizeof *priority, true, place);
                *priority = own;
            }
            weave_take_type(queue, own);
            weave_release(queue); /* for who looks at the number of messages */
            units_give(room_of(q, place), 1, place);
            weave_wake(key);
            return got;
        }
        int e = wait_again(q, OP_MQ_RECEIVE, deadline, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

static bool is_time(const struct timespec *at)
{
    return at->tv_sec >= 0 && at->tv_nsec >= 0 && at->tv_nsec < 1000000000;
}

/* mq_overview(7): absolute times of CLOCK_REALTIME; NULL is Linux's way to wait for ever. */
static uint64_t deadline_of(const struct timespec *at)
{
    return at ? weave_deadline_at(CLOCK_REALTIME, at) : WEAVE_NO_TIME;
}

int __wrap_mq_send(mqd_t q, const char *text, size_t size, unsigned priority)
{
    return weave_on() ? send(q, text, size, priority, WEAVE_NO_TIME, PLACE)
                      : mq_send(q, text, size, priority);
}

int __wrap_mq_timedsend(mqd_t q, const char *text, size_t size, unsigned priority, const struct timespec *at)
{
    if (!weave_on() || (at && !is_time(at)))
        return mq_timedsend(q, text, size, priority, at);
    return send(q, text, size, priority, deadline_of(at), PLACE);
}

ssize_t __wrap_mq_receive(mqd_t q, char *text, size_t size, unsigned *priority)
{
    return weave_on() ? receive(q, text, size, priority, WEAVE_NO_TIME, PLACE)
                      : mq_receive(q, text, size, priority);
}

ssize_t __wrap_mq_timedreceive(mqd_t q, char *text, size_t size, unsigned *priority,
                               const struct timespec *at)
{
    if (!weave_on() || (at && !is_time(at)))
        return mq_timedreceive(q, text, size, priority, at);
    return receive(q, text, size, priority, deadline_of(at), PLACE);
}

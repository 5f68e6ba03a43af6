/*
 * System V message queues. Each message carries its sender's clock to the one that receives it: whichever way
 * it is chosen, it is the oldest of its type. The queue's joined clock is that of receivers: it matters to
 * senders once more bytes were sent than the queue holds, because then somebody's receiving made the room.
 */
#include "runtime.h"
#include <errno.h>
#include <limits.h>
#include <sys/msg.h>

#define NAMES UINT64_MAX /* as a queue: which ones there are */
enum { STATE = 1 };      /* as b of a key: the queue's making and end, and its times */

static struct weave_object *queue_of(int id, uint32_t place)
{
    return weave_object((weave_key){.kind = KIND_MSG, .a = (uint32_t)id}, "message queue", place);
}

/* value, limit and note: the virtual times of the last send, receive and change. */
static struct weave_object *state_of(int id, uint32_t place)
{
    return weave_object((weave_key){.kind = KIND_MSG, .a = (uint32_t)id, .b = STATE}, "message queue", place);
}

static struct weave_object *names(uint32_t place)
{
    return weave_object((weave_key){.kind = KIND_MSG, .a = NAMES}, "message queues", place);
}

int __wrap_msgget(key_t key, int flags)
{
    if (!weave_on())
        return msgget(key, flags);
    weave_point(OP_MSGGET, (weave_key){.kind = KIND_NONE}, PLACE);
    bool made = key == IPC_PRIVATE || flags & IPC_CREAT;
    int id = msgget(key, made ? flags | IPC_EXCL : flags);
    if (id < 0 && errno == EEXIST && made && !(flags & IPC_EXCL)) {
        made = false;
        id = msgget(key, flags);
    }
    if (id < 0) {
        weave_acquire(names(PLACE));
        return id;
    }
    struct weave_object *state = state_of(id, PLACE), *queue = queue_of(id, PLACE);
    if (!made) {
        weave_acquire(state);
        return id;
    }
    weave_created(CREATED_SYSV_MSG, (uint32_t)id, NULL);
    weave_forget(queue->key); /* one of the same number may have been there before */
    weave_forget(state->key);
    state->note = weave_now();
    queue->made_place = PLACE;
    weave_release(state);
    weave_release(names(PLACE));
    return id;
}

/* Waits after a try failed, or says why not; 0: look again. */
static int wait_again(int id, enum weave_op op, int flags, int would_wait, bool waited, uint32_t place)
{
    int e = errno;
    if (waited && (e == EINVAL || e == EIDRM)) {
        weave_acquire(state_of(id, place));
        return EIDRM;
    }
    if (e != would_wait || flags & IPC_NOWAIT)
        return e;
    e = weave_block(op, queue_of(id, place)->key, WEAVE_NO_TIME, place);
    return e == 0 && weave_self->wait.interrupted ? EINTR : e; /* with SA_RESTART too (signal(7)) */
}

static bool room_was_made(int id, const struct weave_object *queue)
{
    struct msqid_ds ds;
    return msgctl(id, IPC_STAT, &ds) != 0 || queue->sent > ds.msg_qbytes;
}

static void sent(int id, const struct msgbuf *m, size_t size, bool waited, uint32_t place)
{
    struct weave_object *queue = queue_of(id, place);
    queue->sent += size ? size : 1;
    if (waited || room_was_made(id, queue))
        weave_acquire(queue);
    queue->last_place = place;
    state_of(id, place)->value = weave_now();
    weave_send(queue, m->mtype, place);
    weave_wake(queue->key);
}

int __wrap_msgsnd(int id, const void *message, size_t size, int flags)
{
    if (!weave_on())
        return msgsnd(id, message, size, flags);
    weave_point(OP_MSGSND, queue_of(id, PLACE)->key, PLACE);
    for (bool waited = false;; waited = true) {
        if (msgsnd(id, message, size, flags | IPC_NOWAIT) == 0) {
            weave_range(message, sizeof(long) + size, false, PLACE);
            sent(id, message, size, waited, PLACE);
            return 0;
        }
        int e = wait_again(id, OP_MSGSND, flags, EAGAIN, waited, PLACE);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

static void received(int id, const struct msgbuf *m, size_t size, uint32_t place)
{
    struct weave_object *queue = queue_of(id, place);
    weave_range(m, sizeof(long) + size, true, place);
    weave_take_type(queue, m->mtype);
    queue->last_place = place;
    state_of(id, place)->limit = weave_now();
    weave_release(queue);
    weave_wake(queue->key);
}

/* MSG_COPY: the message stays, the type is its number in the line. */
static void copied(int id, const struct msgbuf *m, size_t size, long number, uint32_t place)
{
    const struct weave_object *queue = queue_of(id, place);
    uint32_t i = queue->first;
    weave_range(m, sizeof(long) + size, true, place);
    for (; i && number > 0; number--)
        i = REGION->token[i].next;
    if (i)
        weave_acquire_clock(&REGION->token[i].clock);
}

ssize_t __wrap_msgrcv(int id, void *message, size_t size, long type, int flags)
{
    if (!weave_on())
        return msgrcv(id, message, size, type, flags);
    weave_point(OP_MSGRCV, queue_of(id, PLACE)->key, PLACE);
    for (bool waited = false;; waited = true) {
        ssize_t got = msgrcv(id, message, size, type, flags | IPC_NOWAIT);
        if (got >= 0) {
            if (flags & MSG_COPY)
                copied(id, message, (size_t)got, type, PLACE);
            else
                received(id, message, (size_t)got, PLACE);
            return got;
        }
        int e = wait_again(id, OP_MSGRCV, flags, ENOMSG, waited, PLACE);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

/* ---- control */

static time_t time_of(uint64_t ns)
{
    return (time_t)((WEAVE_TIME_ZERO + ns) / 1000000000u);
}

/* How many messages there are was seen. */
static void see(int id, struct msqid_ds *ds, uint32_t place)
{
    const struct weave_object *queue = queue_of(id, place), *state = state_of(id, place);
    weave_range(ds, sizeof *ds, true, place);
    weave_acquire(queue);
    weave_acquire(state);
    for (uint32_t i = queue->first; i; i = REGION->token[i].next)
        weave_acquire_clock(&REGION->token[i].clock);
    ds->msg_stime = ds->msg_stime ? time_of(state->value) : 0;
    ds->msg_rtime = ds->msg_rtime ? time_of(state->limit) : 0;
    ds->msg_ctime = time_of(state->note);
}

int __wrap_msgctl(int id, int command, struct msqid_ds *ds)
{
    if (!weave_on())
        return msgctl(id, command, ds);
    weave_point(OP_MSGCTL, queue_of(id, PLACE)->key, PLACE);
    int result = msgctl(id, command, ds);
    if (result < 0)
        return result;
    switch (command) {
    case IPC_RMID:
        weave_removed(CREATED_SYSV_MSG, (uint32_t)id, NULL);
        weave_release(state_of(id, PLACE));
        weave_release(names(PLACE));
        weave_wake(queue_of(id, PLACE)->key);
        break;
    case IPC_SET:
        weave_range(ds, sizeof *ds, false, PLACE);
        state_of(id, PLACE)->note = weave_now();
        weave_release(state_of(id, PLACE));
        weave_wake(queue_of(id, PLACE)->key); /* it may hold more now */
        break;
    case IPC_STAT:
        see(id, ds, PLACE);
        break;
    default:
        if (ds) /* MSG_STAT, MSG_INFO: at most this is written */
            weave_range(ds, command == IPC_INFO || command == MSG_INFO ? sizeof(struct msginfo) : sizeof *ds,
                        true, PLACE);
    }
    return result;
}

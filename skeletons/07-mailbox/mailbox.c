/*
 * Lab 07: mailboxes (tasks 1 to 3) and messages from process to process (task 4). The contract: mailbox.h.
 *
 *     mb_send ---\                            /--- mb_recv
 *     mb_send ----+--> [ | |x|x|x|x] NAME ---+---- mb_recv
 */
#include "mailbox.h"

#include <stdio.h> /* for the first message below */

struct mb {
    int nothing_yet; /* what belongs here? */
};

/* ---- tasks 1 to 3: mailboxes with names -------------------------------------------------------- */

int mb_create(const char *name, int cap, size_t max)
{
    /* TODO 1: test cap and max. Make something that outlives this process and that others find by
     *         `name`: a POSIX message queue, say (mq_open with O_CREAT | O_EXCL, and room for `cap`
     *         messages, each as long as max and what TODO 5 adds). Close it again. Where something
     *         fails, leave nothing.
     * TODO 8: what does a mailbox with cap 0 need besides (task 3)? Here, and in the three functions
     *         below. */
    fprintf(stderr, "mb_create: nothing here yet; begin with TODO 1 in mailbox.c\n");
    (void)name;
    (void)cap;
    (void)max;
    return -1;
}

mb *mb_open(const char *name)
{
    /* TODO 2: find it by its name; a struct mb holds what the other functions need: max, too. */
    (void)name;
    return NULL;
}

int mb_close(mb *m)
{
    /* TODO 3: what mb_open has got goes back: descriptors, memory. The mailbox stays. */
    (void)m;
    return -1;
}

int mb_delete(const char *name)
{
    /* TODO 4: remove all that mb_create has made. */
    (void)name;
    return -1;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    /* TODO 5: is it too large? Then send it, and tell in the message who sends. Wait while the mailbox is
     *         full, or do not (ms 0).
     * TODO 7: wait no longer than ms (task 2).
     * TODO 8: with cap 0, return when it has been received (task 3). */
    (void)m;
    (void)data;
    (void)n;
    (void)ms;
    return -1;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    /* TODO 6: take the oldest message, and who has sent it. Wait while there is none, or do not (ms 0).
     * TODO 7: wait no longer than ms (task 2).
     * TODO 8: with cap 0, let its sender go on (task 3). */
    (void)m;
    (void)data;
    (void)size;
    (void)from;
    (void)ms;
    return -1;
}

/* ---- task 4: from process to process ----------------------------------------------------------- */


int dm_open(void)
{
    /* TODO 9: a queue that others find by our pid. It is empty in the beginning, whatever an earlier
     *         process has left, and goes when we end (atexit), but not when a child of ours does. */
    return -1;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    /* TODO 10: find the queue of that process, and send; tell in the message who sends. */
    (void)to;
    (void)data;
    (void)n;
    (void)ms;
    return -1;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    /* TODO 11: take the oldest message of that process, or of anybody. Those of others stay. */
    (void)from;
    (void)data;
    (void)size;
    (void)who;
    (void)ms;
    return -1;
}

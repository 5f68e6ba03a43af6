/*
 * Lab 07: mailboxes between processes (mb_), messages from process to process (dm_). Given, do not change it.
 *
 * Functions that return int return 0, or -1 with errno. `ms` says how long a call waits:
 *
 *     -1   for as long as it takes
 *      0   not at all; -1 with EAGAIN if it would have to wait
 *     >0   so many milliseconds at most; then -1 with ETIMEDOUT
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stddef.h>
#include <sys/types.h>

#define MB_CAP_MAX   10   /* messages that a bounded mailbox has room for at most */
#define MB_MAX       1024 /* bytes of a message at most */
#define MB_UNBOUNDED (-1) /* as cap: mb_send never waits (bonus) */

/* An open mailbox. What is in it, you decide. */
typedef struct mb mb;

/* Makes a mailbox of that name for `cap` messages of at most `max` bytes each; with cap 0, mb_send returns
 * only when the message has been received. EEXIST: there is one already, and it stays as it is. */
int mb_create(const char *name, int cap, size_t max);

/* NULL with ENOENT: there is no mailbox of that name. */
mb *mb_open(const char *name);

/* Frees what mb_open has got. The mailbox and its messages stay. */
int mb_close(mb *m);

/* Removes the mailbox and all that belongs to it. ENOENT: there is none. */
int mb_delete(const char *name);

/* Sends n bytes. EMSGSIZE: n is more than the mailbox's max. With cap 0, ms is -1. */
int mb_send(mb *m, const void *data, size_t n, int ms);

/* Takes the oldest message. Returns its length; *from is its sender's pid (from may be NULL). EMSGSIZE: size
 * is less than the mailbox's max; nothing is taken. */
ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms);

/* Gives this process a mailbox of its own, an empty one, until it ends. */
int dm_open(void);

/* Sends n bytes to process `to`. EMSGSIZE: n is more than MB_MAX. */
int dm_send(pid_t to, const void *data, size_t n, int ms);

/* Takes the oldest message that process `from` has sent to this one; with from 0, that anybody has sent.
 * Messages of others stay. Returns its length; *who is its sender's pid (who may be NULL). EMSGSIZE: size is
 * less than MB_MAX; nothing is taken. */
ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms);

#endif

/* Lab 03, task 1: messages over pipes. Given, do not change it. */
#ifndef MSG_H
#define MSG_H

#include <stddef.h>
#include <stdint.h>

/*
 * The wire: a message of n bytes is n as a uint32_t in network order (highest byte first), then the n
 * bytes. n is at most MSG_MAX and may be 0; a byte may have any value.
 *
 *     00 00 00 05 'h' 'e' 'l' 'l' 'o'        a message of 5 bytes
 *     00 00 00 00                            an empty message: a message, and not the end of anything
 *
 * All of these functions
 * - take ends of pipes, blocking or non-blocking ones, and leave their flags as they were;
 * - wait, where they have to, in a call that blocks; only msg_try_recv does not wait for a first byte;
 * - take from a pipe the bytes of their own message and no others, and keep none for a later call;
 * - return -1 with errno when a call of theirs fails: EPIPE when nobody can read what they write;
 * - leave signals alone: the caller ignores SIGPIPE.
 * buf may be NULL where its size is 0. Only a return of 1 says something about buf and *n. After -1 with
 * EMSGSIZE, EPROTO or EPIPE the stream cannot be used any more, unless it says below: nothing is written.
 */
#define MSG_MAX (UINT32_C(1) << 20)

/* Sends a message. Returns 0 when all of it is written. EMSGSIZE: n > MSG_MAX, and nothing is written. */
int msg_send(int fd, const void *buf, uint32_t n);

/*
 * Receives a message of at most cap bytes. Returns 1, with the bytes in buf and their number in *n; or 0
 * when the stream ends before a message begins. EMSGSIZE: the header announces more than cap, or more than
 * MSG_MAX; that is told as soon as the header is there. EPROTO: the stream ends inside the header or
 * inside the bytes. Writes nothing beyond buf[cap - 1].
 */
int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n);

/* As msg_recv, but when not one byte has come, and the stream has not ended, it returns -1 with EAGAIN at
 * once. As soon as a byte is there it may wait for the rest of the message. */
int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n);

/*
 * Sends `out` on wfd and receives a message from rfd, both at once: neither waits for the other, so two
 * processes can swap messages that no pipe can hold. Returns 1 when ours is sent and theirs has come, in
 * `in` and *got; 0 when ours is sent and their stream has ended without a message; -1 when one of the two
 * has failed as above (if both have, errno is that of either). n > MSG_MAX: nothing is written or read.
 * When it returns, no process, thread or descriptor of it is left.
 */
int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got);

/* A record has a size that both sides know: at least 1, and no upper limit. So it needs no header: its
 * bytes are all that is on the wire. rec_send returns what msg_send does, rec_recv what msg_recv does. */
int rec_send(int fd, const void *rec, size_t size);
int rec_recv(int fd, void *rec, size_t size);

#endif

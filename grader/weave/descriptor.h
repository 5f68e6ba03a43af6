/*
 * What the wrappers of descriptors share. Theory of operation: whatever a descriptor stands for (a pipe, one
 * direction of a connection, an eventfd, a file) is a weave_object that two things flow through. Its joined
 * clock holds all that was ever written to it or closed: whoever sees an end, a hang-up or mere readiness
 * acquires that. What was read acquires only the clocks of the bytes, messages or tokens that it took.
 */
#ifndef WEAVE_DESCRIPTOR_H
#define WEAVE_DESCRIPTOR_H

#include "runtime.h"
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

enum weave_fd_kind { FD_BAD, FD_FILE, FD_PIPE, FD_EVENT, FD_SIGNAL, FD_SOCKET, FD_OTHER };
enum weave_carry { CARRY_JOINED, CARRY_BYTES, CARRY_MESSAGES };

struct weave_fd {
    int fd;
    enum weave_fd_kind kind;
    enum weave_carry carry;
    weave_key key;            /* of the descriptor itself: what its operations are logged with */
    struct weave_object *in;  /* what is read comes from here; NULL: nothing that orders */
    struct weave_object *out; /* what is written goes here */
    struct weave_object *end; /* of a socket: its own state, see sockets.c */
};

/* ---- object.note of what flows */
enum {
    NOTE_FULL = 1,   /* a writer has met it full: from then on readers' clocks matter to writers */
    NOTE_TOKENS = 2, /* an eventfd with EFD_SEMAPHORE whose tokens are exact */
    NOTE_FIFO = 8,   /* it has a name: it may be open without a writer, and lose what nobody reads */
    NOTE_MIXED = 4,  /* splice and the like have moved bytes: only the joined clock is sure */
};

enum { TOKENS_MAX = 64 }; /* that one write makes of an eventfd's value */

/* ---- descriptor.c */

/* What a descriptor is; false with EBADF: it is not open, or it is the library's own. */
bool weave_look(int fd, struct weave_fd *d, uint32_t place);
/* Edges and wake-ups after `amount` bytes (or one message) were written or read. */
void weave_flow_in(struct weave_object *o, enum weave_carry carry, size_t amount, uint32_t place);
void weave_flow_out(struct weave_object *o, enum weave_carry carry, size_t amount, uint32_t place);
/* An end was seen: all that was ever done to it, and all processes that have ended, come before. */
void weave_flow_end(const struct weave_object *o);
/* Somebody stops using it: those who will see the end acquire this. */
void weave_flow_close(struct weave_object *o);
/* A writer met it full, and later found room that readers made. */
void weave_flow_full(struct weave_object *o);
void weave_flow_room(struct weave_object *o);
/* What poll learns of it, when it is readable or writable. */
void weave_flow_ready(const struct weave_fd *d, bool in, bool out, bool hung_up);
/* After a descriptor was closed (d was looked at before). */
void weave_closed(struct weave_fd *d, uint32_t place);
/* When SO_RCVTIMEO or SO_SNDTIMEO ends a wait that begins now. */
uint64_t weave_socket_deadline(int fd, int name);
bool weave_is_nonblocking(int fd);
/* Makes the open file description non-blocking for one call: nobody else runs meanwhile. True: set it back.
 */
bool weave_nonblocking_on(int fd);
void weave_nonblocking_off(int fd, bool was_set);

/* ---- streams.c: the calls without the checks of buffers and without a point before them */

ssize_t weave_get(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place);
ssize_t weave_put(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place);
size_t weave_iov_total(const struct iovec *v, int n);
/* Copies v without its first `skip` bytes; returns the number of parts. */
int weave_iov_rest(struct iovec *into, const struct iovec *v, int n, size_t skip);
void weave_iov_range(const struct iovec *v, int n, size_t length, bool write, uint32_t place);

/* ---- fds.c */

int weave_close(int fd, uint32_t place);

/* ---- names.c */

/* Ends the run where a program is about to read what /proc says of another process. */
void weave_no_strangers(const char *path, uint32_t place);
int weave_open_at(int folder, const char *path, int flags, mode_t mode, uint32_t place);
/* True if the path is a FIFO. */
bool weave_is_fifo(int folder, const char *path);
/* A task waits in the opening of a FIFO for writing: readers take it for a writer. */
bool weave_writer_waits(weave_key key);
/* Something is going to be made under a name, is looked for, or goes. */
struct weave_name {
    weave_key key;
    bool was_there;
};
struct weave_name weave_name_of(int folder, const char *path);
void weave_name_made(const struct weave_name *name, int folder, const char *path, uint32_t place);
void weave_name_seen(const struct weave_name *name);

/* ---- locks.c */

int weave_file_lock(int fd, int command, void *lock, enum weave_op op, uint32_t place);
void weave_locks_closed(int fd, weave_key file, uint32_t place);

/* ---- sockets.c */

void weave_socket_look(struct weave_fd *d, uint32_t place);
void weave_socket_closed(struct weave_fd *d);
ssize_t weave_receive(struct weave_fd *d, struct msghdr *m, int flags, enum weave_op op, uint32_t place);
ssize_t weave_transmit(struct weave_fd *d, const struct msghdr *m, int flags, enum weave_op op,
                       uint32_t place);
/* The object that a connection waits in, or datagrams are sent to. */
struct weave_object *weave_address(const struct sockaddr *address, socklen_t length, int type,
                                   uint32_t place);
struct weave_object *weave_listener(struct weave_fd *d, uint32_t place);
/* Waits, really, until what was sent on the loopback interface has arrived. */
void weave_settle(int rounds);
bool weave_is_inet(const struct weave_fd *d);
/* A connection's two ends. */
enum { SIDE_A, SIDE_B };
void weave_socket_new(int fd, int family, int type, uint32_t place);
void weave_socket_join(int fd, uint64_t connection, int side, uint32_t place);
/* What was bound where: an address's number, in the socket's own object. */
void weave_socket_bound(struct weave_fd *d, uint32_t place);

#endif

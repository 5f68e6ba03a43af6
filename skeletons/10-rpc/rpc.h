/* Given: the calls that stubs.c makes, and the numbers that client and server share. You cannot change this
 * file, the tests bring their own. The handout says what goes over the wire. */
#ifndef RPC_H
#define RPC_H

#include <stdint.h>

#define RPC_PROGRAM UINT32_C(0x20000010) /* the program that rpcd offers */
#define RPC_VERSION UINT32_C(1)

enum { RPC_ADD = 1, RPC_REVERSE = 2, RPC_SUM = 3, RPC_MID = 4, RPC_DEPOSIT = 5 }; /* procedures */

/* The status of a reply. */
enum {
    RPC_OK = 0,
    RPC_NO_PROGRAM = 1,   /* the server does not offer this program */
    RPC_NO_VERSION = 2,   /* the program, but not in this version */
    RPC_NO_PROCEDURE = 3, /* the version, but not this procedure */
    RPC_BAD_ARGS = 4, /* the arguments make no sense: too few bytes, too many, a length that is not allowed */
    RPC_FAILED = 5,   /* the procedure was called and says no */
};

#define RPC_STRING_MAX 1000 /* bytes of a string */
#define RPC_ARRAY_MAX  256  /* integers of an array */

typedef struct {
    int32_t x, y;
} point;

/* A client of one server, as rpc_open makes it. Nobody but stubs.c looks into it: use the fields as you like,
 * and `own` for whatever else you need. */
typedef struct {
    int fd;              /* a UDP socket */
    uint16_t port;       /* where the server is, on 127.0.0.1 */
    uint32_t client;     /* who we are */
    uint32_t xid;        /* the last call's number */
    uint32_t prog, vers; /* what we call */
    int ms, tries;       /* how long to wait for a reply, how often to send a request */
    uint64_t own[8];
} rpc;

/* Asks the registry for the server of `prog` and `vers`. 0, or -1 with errno; ENOENT: it knows none. ms and
 * tries are at least 1. */
int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries);
void rpc_close(rpc *r);

/* Each returns 0 and sets the result; or the status of the reply, 1 to 5; or -1 with errno: ETIMEDOUT when no
 * reply has come, EMSGSIZE for what is too long to be sent. The result is set if and only if it is 0. */
int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum);
/* s is a string with a NUL at its end, and so is `reversed` afterwards: its room is RPC_STRING_MAX + 1. */
int rpc_reverse(rpc *r, const char *s, char *reversed);
int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum);
int rpc_mid(rpc *r, point a, point b, point *middle);
int rpc_deposit(rpc *r, int32_t amount, int32_t *balance);

#endif

/*
 * Lab 10, task 1: the client's stubs. To the caller each is a function like any other; what it does is to put
 * its arguments into a datagram (marshalling), send it, wait for the reply, and take the result out of it.
 *
 * A datagram may get lost on either way, come twice, late, or in another order. So a request is sent again
 * when no reply comes in time, with the same xid, and a reply counts only if it is the one to this very call.
 */
#include "rpc.h"

#include "registry.h"
#include "wire.h"

/* ---- opening and closing ---- */

/* TODO 2: ask the registry (registry.h) for the port; draw a number for `client` at random with
 *         getrandom(2); make the socket. */
int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
    (void)r, (void)prog, (void)vers, (void)ms, (void)tries;
    fprintf(stderr, "stubs: nothing here yet; begin with TODO 1 in wire.h, then TODO 2\n");
    errno = ENOSYS;
    return -1;
}

void rpc_close(rpc *r)
{
    (void)r;
}

/* TODO 3: one call, whichever procedure it is for: send the request, wait at most r->ms for its reply,
 *         send it again if none has come, r->tries times in all. What comes and is not the reply to
 *         this very call, or is no right reply, is as if it had not come: so the wait has to know how
 *         the result is taken, too (by a function that is its argument, say). */

/* ---- the stubs ---- */

/* TODO 4: each stub: the header, the arguments, the call, and the result if the status is 0. */
int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
    (void)r, (void)a, (void)b, (void)sum;
    errno = ENOSYS;
    return -1;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
    (void)r, (void)s, (void)reversed;
    errno = ENOSYS;
    return -1;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
    (void)r, (void)values, (void)n, (void)sum;
    errno = ENOSYS;
    return -1;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
    (void)r, (void)a, (void)b, (void)middle;
    errno = ENOSYS;
    return -1;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
    (void)r, (void)amount, (void)balance;
    errno = ENOSYS;
    return -1;
}

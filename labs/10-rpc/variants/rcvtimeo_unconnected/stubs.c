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

#include <sys/random.h>
#include <time.h>

/* ---- one call ---- */

/* Takes a result out of a reply, and puts it into the caller's variable. False: there is no such result. */
typedef bool decode(struct in *reply, void *result);

static void start(rpc *r, struct out *request, uint32_t proc)
{
    request->size = 0;
    put_u32(request, ++r->xid); /* a number of its own for each call, not for each sending */
    put_u32(request, r->client);
    put_u32(request, r->prog);
    put_u32(request, r->vers);
    put_u32(request, proc);
}

/*
 * The status of the reply, with its result taken; -1 if this is no right reply to the call under way: that is
 * then as if it had not come. A result is set only when the whole of the reply has turned out right: hence
 * each decode() looks at the end.
 */
static int take_reply(const rpc *r, struct in reply, decode *get, void *result)
{
    uint32_t xid, client, status;
    if (!get_u32(&reply, &xid) || !get_u32(&reply, &client) || !get_u32(&reply, &status))
        return -1;
    if (xid != r->xid || client != r->client || status > RPC_FAILED)
        return -1; /* the reply to an earlier call, say, which was late */
    if (status != RPC_OK)
        return reply.left == 0 ? (int)status : -1;
    return get(&reply, result) ? RPC_OK : -1;
}

static struct sockaddr_in server_of(const rpc *r)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(r->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* SO_RCVTIMEO ends a recvfrom(); a stranger makes the wait begin anew. */
static int await_reply(const rpc *r, decode *get, void *result)
{
    unsigned char bytes[WIRE_MAX];
    ssize_t n;
    while ((n = recvfrom(r->fd, bytes, sizeof bytes, 0, NULL, NULL)) >= 0) {
        int status = take_reply(r, (struct in){bytes, (size_t)n}, get, result);
        if (status >= 0)
            return status;
    }
    return -1;
}

static int call(const rpc *r, const struct out *request, decode *get, void *result)
{
    for (int i = 0; i < r->tries; i++) {
        struct sockaddr_in to = server_of(r);
        sendto(r->fd, request->bytes, request->size, 0, (struct sockaddr *)&to, sizeof to);
        int status = await_reply(r, get, result);
        if (status >= 0)
            return status;
    }
    errno = ETIMEDOUT;
    return -1;
}

/* ---- opening and closing ---- */

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
    int port = registry_get(prog, vers);
    if (port == 0)
        errno = ENOENT;
    if (port <= 0)
        return -1;
    *r = (rpc){.port = (uint16_t)port, .prog = prog, .vers = vers, .ms = ms, .tries = tries};
    /* Drawn at random: another client may be another process, or this very one, started again. */
    if (getrandom(&r->client, sizeof r->client, 0) != sizeof r->client)
        return -1;
    r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0)
        return -1;
    struct timeval timeout = {ms / 1000, ms % 1000 * 1000};
    if (setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0) {
        close(r->fd);
        return -1;
    }
    return 0;
}

void rpc_close(rpc *r)
{
    close(r->fd);
}

/* ---- the stubs ---- */

static bool get_int_result(struct in *reply, void *result)
{
    int32_t value;
    if (!get_i32(reply, &value) || reply->left)
        return false;
    *(int32_t *)result = value;
    return true;
}

static bool get_string_result(struct in *reply, void *result)
{
    char bytes[RPC_STRING_MAX + 1];
    uint32_t n;
    if (!get_string(reply, bytes, &n) || reply->left)
        return false;
    bytes[n] = '\0'; /* on the wire there is none */
    memcpy(result, bytes, n + 1);
    return true;
}

static bool get_hyper_result(struct in *reply, void *result)
{
    int64_t value;
    if (!get_i64(reply, &value) || reply->left)
        return false;
    *(int64_t *)result = value;
    return true;
}

static bool get_point_result(struct in *reply, void *result)
{
    point value;
    if (!get_point(reply, &value) || reply->left)
        return false;
    *(point *)result = value;
    return true;
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
    struct out request;
    start(r, &request, RPC_ADD);
    put_i32(&request, a);
    put_i32(&request, b);
    return call(r, &request, get_int_result, sum);
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
    struct out request;
    size_t n = strlen(s);
    if (n > RPC_STRING_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    start(r, &request, RPC_REVERSE);
    put_string(&request, s, (uint32_t)n);
    return call(r, &request, get_string_result, reversed);
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
    struct out request;
    if (n > RPC_ARRAY_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    start(r, &request, RPC_SUM);
    put_u32(&request, n);
    for (uint32_t i = 0; i < n; i++)
        put_i32(&request, values[i]);
    return call(r, &request, get_hyper_result, sum);
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
    struct out request;
    start(r, &request, RPC_MID);
    put_point(&request, a);
    put_point(&request, b);
    return call(r, &request, get_point_result, middle);
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
    struct out request;
    start(r, &request, RPC_DEPOSIT);
    put_i32(&request, amount);
    return call(r, &request, get_int_result, balance);
}

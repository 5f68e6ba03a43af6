/*
 * Lab 10, task 1: the client's stubs.
 */
#include "rpc.h"

#include "registry.h"
#include "wire.h"

#include <sys/random.h>
#include <time.h>

/* ---- opening and closing ---- */

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
    int port = registry_get(prog, vers);
    if (port < 0)
        return -1;
    if (port == 0) {
        errno = ENOENT;
        return -1;
    }
    memset(r, 0, sizeof *r);
    r->port = (uint16_t)port;
    r->prog = prog;
    r->vers = vers;
    r->ms = ms;
    r->tries = tries;
    r->xid = 0;
    if (getrandom(&r->client, sizeof r->client, 0) != sizeof r->client)
        return -1;
    r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0)
        return -1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(r->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(r->fd, (struct sockaddr *)&to, sizeof to) < 0) {
        int error = errno;
        close(r->fd);
        errno = error;
        return -1;
    }
    return 0;
}

void rpc_close(rpc *r)
{
    close(r->fd);
}

/* ---- one call ---- */

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Takes the results of one procedure out of a reply, into a variable of the stub. */
typedef bool taker(message *reply, void *result);

static void begin(rpc *r, message *m, uint32_t proc)
{
    m->size = m->at = 0;
    put_uint(m, ++r->xid);
    put_uint(m, r->client);
    put_uint(m, r->prog);
    put_uint(m, r->vers);
    put_uint(m, proc);
}

/* The status if it is a right reply to this call; -1 if not. */
static int look(rpc *r, message *reply, taker *take, void *result)
{
    uint32_t xid, client, status;
    if (!take_uint(reply, &xid) || !take_uint(reply, &client) || !take_uint(reply, &status))
        return -1;
    if (xid != r->xid || client != r->client || status > RPC_FAILED)
        return -1;
    if (status == RPC_OK && !take(reply, result))
        return -1;
    if (!at_end(reply))
        return -1;
    return (int)status;
}

static int call(rpc *r, message *request, taker *take, void *result)
{
    message reply;
    for (int i = 0; i < r->tries; i++) {
        if (send(r->fd, request->bytes, request->size, 0) < 0)
            return -1;
        long long end = now_ms() + r->ms;
        int late = 0;
        while (late < 200) {
            long long left = end - now_ms();
            if (left <= 0) {
                left = 0; /* look once more at what has come in the meantime, but not for ever */
                late++;
            }
            struct pollfd p = {.fd = r->fd, .events = POLLIN};
            int ready = poll(&p, 1, (int)left);
            if (ready < 0 && errno == EINTR)
                continue;
            if (ready < 0)
                return -1;
            if (ready == 0)
                break;
            ssize_t n = recv(r->fd, reply.bytes, sizeof reply.bytes, MSG_DONTWAIT);
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                continue;
            if (n < 0)
                return -1; /* ECONNREFUSED */
            reply.size = (size_t)n;
            reply.at = 0;
            int status = look(r, &reply, take, result);
            if (status >= 0)
                return status;
        }
    }
    errno = ETIMEDOUT;
    return -1;
}

/* ---- the stubs ---- */

static bool get_int(message *reply, void *result)
{
    return take_int(reply, result);
}

static bool get_hyper(message *reply, void *result)
{
    return take_hyper(reply, result);
}

static bool get_point(message *reply, void *result)
{
    return take_point(reply, result);
}

struct text {
    uint32_t length;
    char bytes[RPC_STRING_MAX];
};

static bool get_text(message *reply, void *result)
{
    struct text *t = result;
    return take_string(reply, t->bytes, &t->length);
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
    message m;
    int32_t result;
    begin(r, &m, RPC_ADD);
    put_int(&m, a);
    put_int(&m, b);
    int status = call(r, &m, get_int, &result);
    if (status == 0)
        *sum = result;
    return status;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
    message m;
    struct text result;
    size_t length = strlen(s);
    if (length > RPC_STRING_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    begin(r, &m, RPC_REVERSE);
    put_string(&m, s, (uint32_t)length);
    int status = call(r, &m, get_text, &result);
    if (status == 0) {
        memcpy(reversed, result.bytes, result.length);
        reversed[result.length] = '\0';
    }
    return status;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
    message m;
    int64_t result;
    if (n > RPC_ARRAY_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    begin(r, &m, RPC_SUM);
    put_uint(&m, n);
    for (uint32_t i = 0; i < n; i++)
        put_int(&m, values[i]);
    int status = call(r, &m, get_hyper, &result);
    if (status == 0)
        *sum = result;
    return status;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
    message m;
    point result;
    begin(r, &m, RPC_MID);
    put_point(&m, a);
    put_point(&m, b);
    int status = call(r, &m, get_point, &result);
    if (status == 0)
        *middle = result;
    return status;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
    message m;
    int32_t result;
    begin(r, &m, RPC_DEPOSIT);
    put_int(&m, amount);
    int status = call(r, &m, get_int, &result);
    if (status == 0)
        *balance = result;
    return status;
}

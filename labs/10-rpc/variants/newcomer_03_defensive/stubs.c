#include "rpc.h"
#include "registry.h"
#include "xdr.h"
#include "clock.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/select.h>

enum { ROOM = 4096, DRAIN = 500 };

enum result_kind { R_INT, R_HYPER, R_POINT, R_STRING };

struct result {
        enum result_kind kind;
        int32_t  i;
        int64_t  h;
        point    p;
        uint32_t length;
        char     text[RPC_STRING_MAX + 1];
};

static int fail(int error)
{
        errno = error;
        return -1;
}

static bool random_u32(uint32_t *out)
{
        uint8_t *p = (uint8_t *)out;
        size_t have = 0;
        while (have < sizeof *out) {
                ssize_t n = getrandom(p + have, sizeof *out - have, 0);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                have += (size_t)n;
        }
        return true;
}

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
        if (r == NULL || ms < 1 || tries < 1)
                return fail(EINVAL);
        const int port = registry_get(prog, vers);
        if (port < 0)
                return -1;
        if (port == 0)
                return fail(ENOENT);

        uint32_t me;
        if (!random_u32(&me))
                return fail(EIO);
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -1;
        if (fd >= FD_SETSIZE) {
                (void)close(fd);
                return fail(EMFILE);
        }
        memset(r, 0, sizeof *r);
        r->fd = fd;
        r->port = (uint16_t)port;
        r->client = me;
        r->xid = 0;
        r->prog = prog;
        r->vers = vers;
        r->ms = ms;
        r->tries = tries;
        return 0;
}

void rpc_close(rpc *r)
{
        if (r == NULL || r->fd < 0)
                return;
        (void)close(r->fd);
        r->fd = -1;
}

static struct xdr_out request_begin(rpc *r, uint8_t *room, uint32_t proc)
{
        struct xdr_out o = xdr_out_make(room, ROOM);
        r->xid += 1;
        xdr_put_u32(&o, r->xid);
        xdr_put_u32(&o, r->client);
        xdr_put_u32(&o, r->prog);
        xdr_put_u32(&o, r->vers);
        xdr_put_u32(&o, proc);
        return o;
}

/* Is this a right reply to the call that is under way? If so, the status and the result are set. */
static bool reply_parse(const rpc *r, const uint8_t *bytes, size_t size, struct result *res, int *status)
{
        struct xdr_in in = { .at = bytes, .left = size, .bad = false };
        const uint32_t xid = xdr_get_u32(&in);
        const uint32_t client = xdr_get_u32(&in);
        const uint32_t st = xdr_get_u32(&in);

        if (in.bad || xid != r->xid || client != r->client || st > RPC_FAILED)
                return false;
        if (st == RPC_OK) {
                const uint8_t *text;
                switch (res->kind) {
                case R_INT:
                        res->i = xdr_get_i32(&in);
                        break;
                case R_HYPER:
                        res->h = xdr_get_i64(&in);
                        break;
                case R_POINT:
                        res->p = xdr_get_point(&in);
                        break;
                case R_STRING:
                        text = xdr_get_bytes(&in, RPC_STRING_MAX, &res->length);
                        if (text != NULL)
                                memcpy(res->text, text, res->length);
                        res->text[res->length] = '\0';
                        break;
                }
        }
        if (!xdr_finished(&in))
                return false;
        *status = (int)st;
        return true;
}

static bool from_server(const rpc *r, const struct sockaddr_in *from, socklen_t size)
{
        return size == sizeof *from && from->sin_family == AF_INET && from->sin_port == htons(r->port) &&
               from->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
}

static int transact(rpc *r, const struct xdr_out *o, struct result *res)
{
        if (o->bad)
                return fail(EMSGSIZE);
        struct sockaddr_in to;
        memset(&to, 0, sizeof to);
        to.sin_family = AF_INET;
        to.sin_port = htons(r->port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

        for (int attempt = 0; attempt < r->tries; attempt++) {
                /* If it cannot be sent that is as if it had been lost. */
                (void)sendto(r->fd, o->base, o->used, 0, (struct sockaddr *)&to, sizeof to);
                const int64_t end = clock_us() + (int64_t)r->ms * 1000;
                int drained = 0;
                for (;;) {
                        int64_t left = end - clock_us();
                        if (left <= 0) {
                                left = 0;
                                if (++drained > DRAIN)
                                        break;
                        }
                        fd_set set;
                        FD_ZERO(&set);
                        FD_SET(r->fd, &set);
                        struct timeval tv = { .tv_sec = left / 1000000, .tv_usec = left % 1000000 };
                        const int ready = select(r->fd + 1, &set, NULL, NULL, &tv);
                        if (ready < 0 && errno == EINTR)
                                continue;
                        if (ready < 0)
                                return -1;
                        if (ready == 0)
                                break;

                        uint8_t in[ROOM];
                        struct sockaddr_in from;
                        socklen_t size = sizeof from;
                        const ssize_t n = recvfrom(r->fd, in, sizeof in, 0, (struct sockaddr *)&from, &size);
                        int status;
                        if (n < 0 || !from_server(r, &from, size))
                                continue;
                        if (reply_parse(r, in, (size_t)n, res, &status))
                                return status;
                }
        }
        return fail(ETIMEDOUT);
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
        uint8_t room[ROOM];
        struct result res = { .kind = R_INT };
        struct xdr_out o = request_begin(r, room, RPC_ADD);
        xdr_put_i32(&o, a);
        xdr_put_i32(&o, b);
        const int status = transact(r, &o, &res);
        if (status == RPC_OK && sum != NULL)
                *sum = res.i;
        return status;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
        const size_t length = strnlen(s, RPC_STRING_MAX + 1);
        if (length > RPC_STRING_MAX)
                return fail(EMSGSIZE);
        uint8_t room[ROOM];
        struct result res = { .kind = R_STRING };
        struct xdr_out o = request_begin(r, room, RPC_REVERSE);
        xdr_put_bytes(&o, s, (uint32_t)length);
        const int status = transact(r, &o, &res);
        if (status == RPC_OK && reversed != NULL)
                memcpy(reversed, res.text, (size_t)res.length + 1);
        return status;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
        if (n > RPC_ARRAY_MAX)
                return fail(EMSGSIZE);
        if (values == NULL && n > 0)
                return fail(EFAULT);
        uint8_t room[ROOM];
        struct result res = { .kind = R_HYPER };
        struct xdr_out o = request_begin(r, room, RPC_SUM);
        xdr_put_u32(&o, n);
        for (uint32_t i = 0; i < n; i++)
                xdr_put_i32(&o, values[i]);
        const int status = transact(r, &o, &res);
        if (status == RPC_OK && sum != NULL)
                *sum = res.h;
        return status;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
        uint8_t room[ROOM];
        struct result res = { .kind = R_POINT };
        struct xdr_out o = request_begin(r, room, RPC_MID);
        xdr_put_point(&o, a);
        xdr_put_point(&o, b);
        const int status = transact(r, &o, &res);
        if (status == RPC_OK && middle != NULL)
                *middle = res.p;
        return status;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
        uint8_t room[ROOM];
        struct result res = { .kind = R_INT };
        struct xdr_out o = request_begin(r, room, RPC_DEPOSIT);
        xdr_put_i32(&o, amount);
        const int status = transact(r, &o, &res);
        if (status == RPC_OK && balance != NULL)
                *balance = res.i;
        return status;
}

#include "rpc.h"
#include "registry.h"
#include "xdr.h"

enum { BUCKETS = 512, CLIENTS_MAX = 1024, REPLY_MAX = 1016 };

struct entry {
        struct entry *chain;            /* in the bucket */
        struct entry *newer, *older;    /* by age */
        uint32_t client;
        uint32_t xid;
        size_t   size;
        uint8_t  reply[REPLY_MAX];
};

static struct entry *bucket[BUCKETS];
static struct entry *newest, *oldest;
static unsigned entries;

static int32_t account;

static unsigned bucket_of(uint32_t client) { return (client * UINT32_C(2654435761)) >> 23; }

static struct entry *lookup(uint32_t client)
{
        for (struct entry *e = bucket[bucket_of(client)]; e != NULL; e = e->chain)
                if (e->client == client)
                        return e;
        return NULL;
}

static void age_unlink(struct entry *e)
{
        if (e->newer != NULL)
                e->newer->older = e->older;
        else
                newest = e->older;
        if (e->older != NULL)
                e->older->newer = e->newer;
        else
                oldest = e->newer;
}

static void age_push(struct entry *e)
{
        e->newer = NULL;
        e->older = newest;
        if (newest != NULL)
                newest->newer = e;
        else
                oldest = e;
        newest = e;
}

static struct entry *forget_oldest(void)
{
        struct entry *e = oldest;
        if (e == NULL)
                return NULL;
        struct entry **p = &bucket[bucket_of(e->client)];
        while (*p != e)
                p = &(*p)->chain;
        *p = e->chain;
        age_unlink(e);
        entries--;
        return e;
}

static struct entry *new_entry(uint32_t client)
{
        struct entry *e = NULL;
        if (entries < CLIENTS_MAX)
                e = malloc(sizeof *e);
        if (e == NULL)
                e = forget_oldest();
        if (e == NULL)
                return NULL;
        e->client = client;
        const unsigned b = bucket_of(client);
        e->chain = bucket[b];
        bucket[b] = e;
        age_push(e);
        entries++;
        return e;
}

/* ---- procedures ---- */

static int32_t proc_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

static void proc_reverse(uint8_t *to, const uint8_t *from, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                to[n - 1 - i] = from[i];
}

static point proc_mid(point a, point b)
{
        const int64_t x = (int64_t)a.x + b.x;
        const int64_t y = (int64_t)a.y + b.y;
        return (point){ (int32_t)(x / 2), (int32_t)(y / 2) };
}

static bool proc_deposit(int32_t amount, int32_t *balance)
{
        int32_t sum;
        if (amount < 0 || __builtin_add_overflow(account, amount, &sum))
                return false;
        account = sum;
        *balance = sum;
        return true;
}

/* ---- server stub ---- */

static uint32_t dispatch(uint32_t proc, struct xdr_in *in, struct xdr_out *out)
{
        switch (proc) {
        case RPC_ADD: {
                const int32_t a = xdr_get_i32(in);
                const int32_t b = xdr_get_i32(in);
                if (!xdr_finished(in))
                        return RPC_BAD_ARGS;
                xdr_put_i32(out, proc_add(a, b));
                return RPC_OK;
        }
        case RPC_REVERSE: {
                uint8_t turned[RPC_STRING_MAX];
                uint32_t n;
                const uint8_t *s = xdr_get_bytes(in, RPC_STRING_MAX, &n);
                if (s == NULL || !xdr_finished(in))
                        return RPC_BAD_ARGS;
                proc_reverse(turned, s, n);
                xdr_put_bytes(out, turned, n);
                return RPC_OK;
        }
        case RPC_SUM: {
                const uint32_t n = xdr_get_count(in, RPC_ARRAY_MAX);
                int64_t sum = 0;
                for (uint32_t i = 0; i < n && !in->bad; i++)
                        sum += xdr_get_i32(in);
                if (!xdr_finished(in))
                        return RPC_BAD_ARGS;
                xdr_put_i64(out, sum);
                return RPC_OK;
        }
        case RPC_MID: {
                const point a = xdr_get_point(in);
                const point b = xdr_get_point(in);
                if (!xdr_finished(in))
                        return RPC_BAD_ARGS;
                xdr_put_point(out, proc_mid(a, b));
                return RPC_OK;
        }
        case RPC_DEPOSIT: {
                const int32_t amount = xdr_get_i32(in);
                int32_t balance;
                if (!xdr_finished(in))
                        return RPC_BAD_ARGS;
                if (!proc_deposit(amount, &balance))
                        return RPC_FAILED;
                xdr_put_i32(out, balance);
                return RPC_OK;
        }
        default:
                return RPC_NO_PROCEDURE;
        }
}

/* Everything behind xid and client is still in `in`. */
static size_t make_reply(uint32_t xid, uint32_t client, struct xdr_in *in, uint8_t *room)
{
        uint32_t status;
        struct xdr_out results = xdr_out_make(room + 12, REPLY_MAX - 12);
        struct xdr_out head = xdr_out_make(room, 12);
        const uint32_t prog = xdr_get_u32(in);
        const uint32_t vers = xdr_get_u32(in);
        const uint32_t proc = xdr_get_u32(in);

        if (prog != RPC_PROGRAM)
                status = RPC_NO_PROGRAM;
        else if (vers != RPC_VERSION)
                status = RPC_NO_VERSION;
        else
                status = dispatch(proc, in, &results);
        assert(!results.bad);
        xdr_put_u32(&head, xid);
        xdr_put_u32(&head, client);
        xdr_put_u32(&head, status);
        return 12 + (status == RPC_OK ? results.used : 0);
}

static void send_reply(int fd, const uint8_t *bytes, size_t size, const struct sockaddr_in *to)
{
        if (sendto(fd, bytes, size, 0, (const struct sockaddr *)to, sizeof *to) < 0)
                perror("rpcd: sendto");
}

static void handle(int fd, const uint8_t *bytes, size_t size, const struct sockaddr_in *from, bool keep)
{
        struct xdr_in in = { .at = bytes, .left = size, .bad = false };
        if (size < 20)
                return;
        const uint32_t xid = xdr_get_u32(&in);
        const uint32_t client = xdr_get_u32(&in);

        if (!keep) {
                uint8_t room[REPLY_MAX];
                const size_t n = make_reply(xid, client, &in, room);
                send_reply(fd, room, n, from);
                return;
        }
        struct entry *e = lookup(client);
        if (e != NULL && xid < e->xid)
                return;
        if (e != NULL) {
                age_unlink(e);
                age_push(e);
        }
        if (e == NULL || xid > e->xid) {
                if (e == NULL)
                        e = new_entry(client);
                if (e == NULL)
                        return; /* no memory at all: as if the request had been lost */
                e->xid = xid;
                e->size = make_reply(xid, client, &in, e->reply);
        }
        send_reply(fd, e->reply, e->size, from);
}

int main(int argc, char **argv)
{
        bool keep = true;
        if (argc == 2 && strcmp(argv[1], "-l") == 0) {
                keep = false;
        } else if (argc != 1) {
                fprintf(stderr, "usage: %s [-l]\n", argc > 0 ? argv[0] : "rpcd");
                return 2;
        }

        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
                perror("rpcd: socket");
                return 1;
        }
        struct sockaddr_in me;
        memset(&me, 0, sizeof me);
        me.sin_family = AF_INET;
        me.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(fd, (struct sockaddr *)&me, sizeof me) < 0) {
                perror("rpcd: bind");
                return 1;
        }
        socklen_t size = sizeof me;
        if (getsockname(fd, (struct sockaddr *)&me, &size) < 0) {
                perror("rpcd: getsockname");
                return 1;
        }
        const unsigned port = ntohs(me.sin_port);
        if (registry_set(RPC_PROGRAM, RPC_VERSION, (uint16_t)port) < 0) {
                perror("rpcd: the registry cannot be asked");
                return 1;
        }
        if (printf("listening %u\n", port) < 0 || fflush(stdout) != 0) {
                perror("rpcd: stdout");
                return 1;
        }
        for (;;) {
                uint8_t bytes[4096];
                struct sockaddr_in from;
                socklen_t from_size = sizeof from;
                const ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_size);
                if (n < 0) {
                        if (errno == EINTR || errno == ECONNREFUSED || errno == EAGAIN)
                                continue;
                        perror("rpcd: recvfrom");
                        continue;
                }
                handle(fd, bytes, (size_t)n, &from, keep);
        }
}

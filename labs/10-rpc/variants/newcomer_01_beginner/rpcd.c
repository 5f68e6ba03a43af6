/*
 * Lab 10, task 2: the server, with its stub.
 *
 *     rpcd [-l]
 */
#include "rpc.h"

#include "registry.h"
#include "wire.h"

/* ---- the procedures ---- */

static int32_t balance;

static int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static void reverse(char *s, uint32_t n)
{
    for (uint32_t i = 0; i < n / 2; i++) {
        char c = s[i];
        s[i] = s[n - 1 - i];
        s[n - 1 - i] = c;
    }
}

static int64_t sum(const int32_t *values, uint32_t n)
{
    int64_t result = 0;
    for (uint32_t i = 0; i < n; i++)
        result += values[i];
    return result;
}

static point mid(point a, point b)
{
    point m = {(int32_t)(((int64_t)a.x + b.x) / 2), (int32_t)(((int64_t)a.y + b.y) / 2)};
    return m;
}

static bool deposit(int32_t amount, int32_t *result)
{
    if (amount < 0 || (int64_t)balance + amount > INT32_MAX)
        return false;
    balance += amount;
    *result = balance;
    return true;
}

/* ---- a request ---- */

typedef struct {
    uint32_t xid, client, prog, vers, proc;
} header;

static bool take_header(message *q, header *h)
{
    return take_uint(q, &h->xid) && take_uint(q, &h->client) && take_uint(q, &h->prog) &&
           take_uint(q, &h->vers) && take_uint(q, &h->proc);
}

/* Calls the procedure, appends its result. The status. */
static uint32_t execute(uint32_t proc, message *q, message *reply)
{
    int32_t a, b, values[RPC_ARRAY_MAX];
    uint32_t n;
    char text[RPC_STRING_MAX];
    point p1, p2;
    switch (proc) {
    case RPC_ADD:
        if (!take_int(q, &a) || !take_int(q, &b) || !at_end(q))
            return RPC_BAD_ARGS;
        put_int(reply, add(a, b));
        return RPC_OK;
    case RPC_REVERSE:
        if (!take_string(q, text, &n) || !at_end(q))
            return RPC_BAD_ARGS;
        reverse(text, n);
        put_string(reply, text, n);
        return RPC_OK;
    case RPC_SUM:
        if (!take_uint(q, &n) || n > RPC_ARRAY_MAX)
            return RPC_BAD_ARGS;
        for (uint32_t i = 0; i < n; i++)
            if (!take_int(q, &values[i]))
                return RPC_BAD_ARGS;
        if (!at_end(q))
            return RPC_BAD_ARGS;
        put_hyper(reply, sum(values, n));
        return RPC_OK;
    case RPC_MID:
        if (!take_point(q, &p1) || !take_point(q, &p2) || !at_end(q))
            return RPC_BAD_ARGS;
        put_point(reply, mid(p1, p2));
        return RPC_OK;
    case RPC_DEPOSIT:
        if (!take_int(q, &a) || !at_end(q))
            return RPC_BAD_ARGS;
        if (!deposit(a, &b))
            return RPC_FAILED;
        put_int(reply, b);
        return RPC_OK;
    }
    return RPC_NO_PROCEDURE;
}

static void answer(const header *h, message *q, message *reply)
{
    message results = {.size = 0};
    uint32_t status;
    if (h->prog != RPC_PROGRAM)
        status = RPC_NO_PROGRAM;
    else if (h->vers != RPC_VERSION)
        status = RPC_NO_VERSION;
    else
        status = execute(h->proc, q, &results);
    reply->size = reply->at = 0;
    put_uint(reply, h->xid);
    put_uint(reply, h->client);
    put_uint(reply, status);
    if (status == RPC_OK) {
        memcpy(reply->bytes + reply->size, results.bytes, results.size);
        reply->size += results.size;
    }
}

/* ---- at most once ---- */

#define CLIENTS 100

static struct kept {
    bool used;
    uint32_t client, xid;
    unsigned long when; /* it called last */
    message reply;
} cache[CLIENTS];
static unsigned long clock_ticks;

static struct kept *find(uint32_t client)
{
    for (int i = 0; i < CLIENTS; i++)
        if (cache[i].used && cache[i].client == client)
            return &cache[i];
    return NULL;
}

/* A free place, or that of the client that has not called for the longest time. */
static struct kept *place(void)
{
    struct kept *oldest = &cache[0];
    for (int i = 0; i < CLIENTS; i++) {
        if (!cache[i].used)
            return &cache[i];
        if (cache[i].when < oldest->when)
            oldest = &cache[i];
    }
    return oldest;
}

/* ---- the loop ---- */

static void serve(int fd, bool at_least_once)
{
    static message request, fresh;
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        header h;
        ssize_t n = recvfrom(fd, request.bytes, sizeof request.bytes, 0, (struct sockaddr *)&from, &size);
        if (n < REQUEST_HEADER)
            continue;
        request.size = (size_t)n;
        request.at = 0;
        take_header(&request, &h);
        message *reply = &fresh;
        if (at_least_once) {
            answer(&h, &request, reply);
        } else {
            struct kept *k = find(h.client);
            if (k && h.xid < k->xid)
                continue;
            if (!k || h.xid > k->xid) {
                if (!k)
                    k = place();
                k->used = true;
                k->client = h.client;
                k->xid = h.xid;
                answer(&h, &request, &k->reply);
            }
            k->when = ++clock_ticks;
            reply = &k->reply;
        }
        sendto(fd, reply->bytes, reply->size, 0, (struct sockaddr *)&from, size);
    }
}

int main(int argc, char **argv)
{
    bool at_least_once = argc == 2 && strcmp(argv[1], "-l") == 0;
    if (argc > 2 || (argc == 2 && !at_least_once)) {
        fprintf(stderr, "usage: rpcd [-l]\n");
        return 2;
    }
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof me;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&me, &size) < 0) {
        perror("rpcd: socket");
        return 1;
    }
    if (registry_set(RPC_PROGRAM, RPC_VERSION, ntohs(me.sin_port)) < 0) {
        perror("rpcd: registry");
        return 1;
    }
    printf("listening %u\n", ntohs(me.sin_port));
    fflush(stdout);
    serve(fd, at_least_once);
}

#define _GNU_SOURCE     // ppoll
#include "rpc.h"
#include "registry.h"
#include "wire.h"
#include <signal.h>
#include <time.h>

typedef struct timespec Time;

static Time timeNow(void)
{
    Time t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static Time timeAfter(Time t, int ms)
{
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

// end - now, or 0 if that is over; the bool says whether it is over
static bool timeLeft(Time end, Time *left)
{
    Time now = timeNow();
    left->tv_sec = end.tv_sec - now.tv_sec;
    left->tv_nsec = end.tv_nsec - now.tv_nsec;
    if (left->tv_nsec < 0) {
        left->tv_sec--;
        left->tv_nsec += 1000000000L;
    }
    if (left->tv_sec < 0) {
        left->tv_sec = left->tv_nsec = 0;
        return false;
    }
    return true;
}

// pid, time and a counter; each step is a bijection of 32 bits, so the counter alone makes all of one process differ
static uint32_t drawClient(void)
{
    static uint32_t counter, base;
    static pid_t pid;
    if (pid != getpid()) {          // the first time, or after a fork
        Time t;
        pid = getpid();
        clock_gettime(CLOCK_REALTIME, &t);
        uint64_t h = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
        h ^= (uint64_t)pid << 40;
        h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
        h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53) + (uint64_t)pid;
        base = (uint32_t)(h ^ h >> 32);
    }
    return base ^ ++counter * UINT32_C(2654435761);
}

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
    int port = registry_get(prog, vers);
    if (port <= 0) {
        if (port == 0)
            errno = ENOENT;
        return -1;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
        int e = errno;
        close(fd);
        errno = e;
        return -1;
    }
    *r = (rpc){.fd = fd, .port = (uint16_t)port, .client = drawClient(), .xid = 99,
               .prog = prog, .vers = vers, .ms = ms, .tries = tries};
    return 0;
}

void rpc_close(rpc *r)
{
    close(r->fd);
    r->fd = -1;
}

static void newRequest(rpc *r, Msg *m, uint32_t proc)
{
    m->words = 0;
    addWord(m, ++r->xid);
    addWord(m, r->client);
    addWord(m, r->prog);
    addWord(m, r->vers);
    addWord(m, proc);
}

typedef union {
    int32_t i;
    int64_t h;
    point p;
    struct { uint32_t n; unsigned char s[RPC_STRING_MAX]; } t;
} Result;

static bool readReply(rpc *r, Msg *m, uint32_t proc, uint32_t *status, Result *out)
{
    uint32_t xid, client;
    if (!takeWord(m, &xid) || !takeWord(m, &client) || !takeWord(m, status))
        return false;
    if (xid != r->xid || client != r->client || *status > 5)
        return false;
    bool ok = true;
    if (*status == 0)
        switch (proc) {
        case RPC_ADD:
        case RPC_DEPOSIT: ok = takeInt(m, &out->i); break;
        case RPC_SUM:     ok = takeHyper(m, &out->h); break;
        case RPC_MID:     ok = takePoint(m, &out->p); break;
        case RPC_REVERSE: ok = takeString(m, out->t.s, &out->t.n); break;
        }
    return ok && bytesLeft(m) == 0;
}

static int doCall(rpc *r, const Msg *request, uint32_t proc, Result *out)
{
    Msg reply;
    for (int i = 0; i < r->tries; ++i) {
        if (send(r->fd, request->w, 4 * request->words, 0) < 0 && errno != ECONNREFUSED)
            return -1;
        Time left, end = timeAfter(timeNow(), r->ms);
        for (int after = 0; after < 256;) {
            if (!timeLeft(end, &left))
                after++;
            struct pollfd p = {r->fd, POLLIN, 0};
            int k = ppoll(&p, 1, &left, NULL);
            if (k == 0)
                break;
            if (k < 0)
                continue;
            ssize_t n = recv(r->fd, reply.w, sizeof reply.w, MSG_DONTWAIT);
            if (n < 0)
                continue;           // refused: as if nothing had come
            reply.bytes = (size_t)n;
            reply.words = 0;
            uint32_t status;
            if (readReply(r, &reply, proc, &status, out))
                return (int)status;
        }
    }
    errno = ETIMEDOUT;
    return -1;
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
    Msg m;
    Result res;
    newRequest(r, &m, RPC_ADD);
    addWord(&m, (uint32_t)a);
    addWord(&m, (uint32_t)b);
    int status = doCall(r, &m, RPC_ADD, &res);
    if (status == 0)
        *sum = res.i;
    return status;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
    Msg m;
    Result res;
    size_t n = strlen(s);
    if (n > RPC_STRING_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    newRequest(r, &m, RPC_REVERSE);
    addString(&m, s, (uint32_t)n);
    int status = doCall(r, &m, RPC_REVERSE, &res);
    if (status == 0) {
        memcpy(reversed, res.t.s, res.t.n);
        reversed[res.t.n] = '\0';
    }
    return status;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
    Msg m;
    Result res;
    if (n > RPC_ARRAY_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    newRequest(r, &m, RPC_SUM);
    addWord(&m, n);
    for (uint32_t i = 0; i < n; ++i)
        addWord(&m, (uint32_t)values[i]);
    int status = doCall(r, &m, RPC_SUM, &res);
    if (status == 0)
        *sum = res.h;
    return status;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
    Msg m;
    Result res;
    newRequest(r, &m, RPC_MID);
    addPoint(&m, a);
    addPoint(&m, b);
    int status = doCall(r, &m, RPC_MID, &res);
    if (status == 0)
        *middle = res.p;
    return status;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
    Msg m;
    Result res;
    newRequest(r, &m, RPC_DEPOSIT);
    addWord(&m, (uint32_t)amount);
    int status = doCall(r, &m, RPC_DEPOSIT, &res);
    if (status == 0)
        *balance = res.i;
    return status;
}

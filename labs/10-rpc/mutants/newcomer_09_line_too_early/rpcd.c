#include "rpc.h"
#include "registry.h"
#include "wire.h"

/* every reply that was ever given, newest first; one list per client, all in one list of clients */
struct reply {
    struct reply *older;
    uint32_t xid;
    uint32_t size;
    byte bytes[];
};
struct caller {
    struct caller *next;
    uint32_t id;
    struct reply *last;
};
static struct caller *callers[4096];

static struct caller *who(uint32_t id) {
    struct caller **slot = &callers[(id ^ id >> 12 ^ id >> 24) & 4095], *c;
    for (c = *slot; c; c = c->next)
        if (c->id == id)
            return c;
    if (!(c = malloc(sizeof *c)))
        return NULL;
    *c = (struct caller){*slot, id, NULL};
    return *slot = c;
}

static int32_t money;

static int32_t half(int32_t a, int32_t b) { return (int32_t)(((int64_t)a + b) / 2); }

static int deposit(int32_t amount) {
    if (amount < 0)
        return RPC_FAILED;
    if (amount > INT32_MAX - money)
        return RPC_FAILED;
    money += amount;
    return RPC_OK;
}

static int run(uint32_t proc, const byte *p, const byte *end, byte **out) {
    long n = end - p;
    if (proc == RPC_ADD) {
        if (n != 8)
            return RPC_BAD_ARGS;
        uint32_t a = get4(&p), b = get4(&p);
        put4(out, a + b);
    } else if (proc == RPC_REVERSE) {
        if (!isstring(p, end))
            return RPC_BAD_ARGS;
        char mirror[RPC_STRING_MAX];
        uint32_t len = get4(&p), i = len;
        while (i > 0)
            mirror[--i] = (char)*p++;
        putbytes(out, mirror, len);
    } else if (proc == RPC_SUM) {
        if (n < 4)
            return RPC_BAD_ARGS;
        uint32_t len = get4(&p);
        if (len > RPC_ARRAY_MAX || n - 4 != 4 * (long)len)
            return RPC_BAD_ARGS;
        int64_t total = 0;
        while (p < end)
            total += (int32_t)get4(&p);
        put8(out, (uint64_t)total);
    } else if (proc == RPC_MID) {
        if (n != 16)
            return RPC_BAD_ARGS;
        point a = getpoint(&p), b = getpoint(&p), m = {half(a.x, b.x), half(a.y, b.y)};
        putpoint(out, m);
    } else if (proc == RPC_DEPOSIT) {
        if (n != 4)
            return RPC_BAD_ARGS;
        int st = deposit((int32_t)get4(&p));
        if (st != RPC_OK)
            return st;
        put4(out, (uint32_t)money);
    } else {
        return RPC_NO_PROCEDURE;
    }
    return RPC_OK;
}

static uint32_t make(const byte *q, size_t size, byte *a) {
    const byte *p = q + 8;
    byte *out = a + 12, *st = a + 8;
    uint32_t prog = get4(&p), vers = get4(&p), proc = get4(&p);
    int status = prog != RPC_PROGRAM ? RPC_NO_PROGRAM
                 : vers != RPC_VERSION ? RPC_NO_VERSION
                                       : run(proc, p, q + size, &out);
    memcpy(a, q, 8);
    put4(&st, (uint32_t)status);
    return (uint32_t)(out - a);
}

int main(int argc, char **argv) {
    int at_least = 0;
    switch (argc) {
    case 1:
        break;
    case 2:
        if (!strcmp(argv[1], "-l")) {
            at_least = 1;
            break;
        }
        /* fall through */
    default:
        fputs("usage: rpcd [-l]\n", stderr);
        return 2;
    }
    struct sockaddr_in a = {.sin_family = AF_INET};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof a;
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (s == -1 || bind(s, (struct sockaddr *)&a, sizeof a) == -1 ||
        getsockname(s, (struct sockaddr *)&a, &len) == -1) {
        perror("rpcd");
        return 1;
    }
    printf("listening %d\n", ntohs(a.sin_port));
    fflush(stdout);
    if (registry_set(RPC_PROGRAM, RPC_VERSION, ntohs(a.sin_port)) == -1) {
        perror("rpcd: registry");
        return 1;
    }

    static byte q[2048], fresh[2048];
    for (;;) {
        struct sockaddr_in from;
        len = sizeof from;
        ssize_t n = recvfrom(s, q, sizeof q, 0, (struct sockaddr *)&from, &len);
        if (n < 20)
            continue;
        if (at_least) {
            sendto(s, fresh, make(q, (size_t)n, fresh), 0, (struct sockaddr *)&from, len);
            continue;
        }
        const byte *p = q;
        uint32_t xid = get4(&p);
        struct caller *c = who(get4(&p));
        if (!c)
            continue;
        struct reply *r = c->last;
        if (!r || xid > r->xid) {
            if (!(r = malloc(sizeof *r + 1016))) {
                fprintf(stderr, "rpcd: out of memory\n");
                continue; /* not executed, not answered: lost */
            }
            r->xid = xid;
            r->size = make(q, (size_t)n, r->bytes);
            struct reply *less = realloc(r, sizeof *r + r->size);
            if (less)
                r = less;
            r->older = c->last;
            c->last = r;
        } else {
            while (r && r->xid != xid)
                r = r->older;
        }
        if (r)
            sendto(s, r->bytes, r->size, 0, (struct sockaddr *)&from, len);
    }
}

#include "rpc.h"
#include "registry.h"
#include "wire.h"
#include <signal.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>

#define BUF 2048

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries) {
    int port = registry_get(prog, vers);
    if (port == 0)
        errno = ENOENT;
    if (port <= 0)
        return -1;
    r->port = (uint16_t)port;
    r->prog = prog;
    r->vers = vers;
    r->ms = ms;
    r->tries = tries;
    r->xid = 0;
    if (getrandom(&r->client, 4, 0) != 4)
        return -1;
    if ((r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        return -1;
    struct sockaddr_in srv = {.sin_family = AF_INET, .sin_port = htons(r->port),
                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(r->fd, (struct sockaddr *)&srv, sizeof srv) == 0)
        return 0;
    int e = errno;
    close(r->fd);
    errno = e;
    return -1;
}

void rpc_close(rpc *r) { close(r->fd); }

static void on_alarm(int sig) { (void)sig; }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* The alarm comes after ms, and from then on every 10 ms: if the first one comes just before recv()
 * begins, a later one interrupts it. */
static void set_alarm(int ms) {
    struct itimerval it = {{0, 10000}, {ms / 1000, ms % 1000 * 1000}};
    if (ms == 0)
        it.it_interval.tv_usec = 0;
    setitimer(ITIMER_REAL, &it, NULL);
}

typedef bool check_fn(const byte *p, const byte *end);
static bool is4(const byte *p, const byte *end) { return end - p == 4; }
static bool is8(const byte *p, const byte *end) { return end - p == 8; }

static int status_of(rpc *r, const byte *p, ssize_t n, check_fn *check) {
    const byte *end = p + n;
    if (n < 12 || get4(&p) != r->xid || get4(&p) != r->client)
        return -1;
    uint32_t st = get4(&p);
    if (st > 5 || (st == 0 ? !check(p, end) : p != end))
        return -1;
    return (int)st;
}

static int try_all(rpc *r, const byte *q, size_t size, byte *a, check_fn *check) {
    int st;
    for (int i = 0; i < r->tries; i++) {
        if (send(r->fd, q, size, 0) < 0)
            return -1;
        double end = now() + r->ms;
        set_alarm(r->ms);
        while (now() < end) {
            ssize_t n = recv(r->fd, a, BUF, 0);
            if (n < 0 && errno != EINTR)
                return -1; /* ECONNREFUSED */
            if (n >= 0 && (st = status_of(r, a, n, check)) >= 0)
                return st;
        }
        /* what came while we were not looking */
        for (int k = 0; k < 300; k++) {
            ssize_t n = recv(r->fd, a, BUF, MSG_DONTWAIT);
            if (n < 0 && errno != EINTR)
                break;
            if (n >= 0 && (st = status_of(r, a, n, check)) >= 0)
                return st;
        }
    }
    errno = ETIMEDOUT;
    return -1;
}

static int call(rpc *r, const byte *q, const byte *qend, byte *a, check_fn *check) {
    struct sigaction sa, old;
    sigset_t alrm, before;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_alarm; /* no SA_RESTART */
    sigemptyset(&sa.sa_mask);
    sigemptyset(&alrm);
    sigaddset(&alrm, SIGALRM);
    sigaction(SIGALRM, &sa, &old);
    pthread_sigmask(SIG_UNBLOCK, &alrm, &before);
    int st = try_all(r, q, (size_t)(qend - q), a, check);
    int e = errno;
    set_alarm(0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGALRM, &old, NULL);
    errno = e;
    return st;
}

static byte *head(rpc *r, byte *p, uint32_t proc) {
    put4(&p, ++r->xid);
    put4(&p, r->client);
    put4(&p, r->prog);
    put4(&p, r->vers);
    put4(&p, proc);
    return p;
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum) {
    byte q[BUF], ans[BUF], *p = head(r, q, RPC_ADD);
    const byte *res = ans + 12;
    put4(&p, (uint32_t)a);
    put4(&p, (uint32_t)b);
    int st = call(r, q, p, ans, is4);
    if (!st)
        *sum = (int32_t)get4(&res);
    return st;
}

int rpc_reverse(rpc *r, const char *s, char *reversed) {
    if (strlen(s) > RPC_STRING_MAX)
        return errno = EMSGSIZE, -1;
    byte q[BUF], ans[BUF], *p = head(r, q, RPC_REVERSE);
    const byte *res = ans + 12;
    putbytes(&p, s, (uint32_t)strlen(s));
    int st = call(r, q, p, ans, isstring);
    if (!st) {
        uint32_t n = get4(&res);
        memcpy(reversed, res, n);
        reversed[n] = 0;
    }
    return st;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum) {
    if (n > RPC_ARRAY_MAX)
        return errno = EMSGSIZE, -1;
    byte q[BUF], ans[BUF], *p = head(r, q, RPC_SUM);
    const byte *res = ans + 12;
    put4(&p, n);
    for (const int32_t *v = values; n > 0; n--)
        put4(&p, (uint32_t)*v++);
    int st = call(r, q, p, ans, is8);
    if (!st)
        *sum = (int64_t)get8(&res);
    return st;
}

int rpc_mid(rpc *r, point a, point b, point *middle) {
    byte q[BUF], ans[BUF], *p = head(r, q, RPC_MID);
    const byte *res = ans + 12;
    putpoint(&p, a);
    putpoint(&p, b);
    int st = call(r, q, p, ans, is8);
    if (!st)
        *middle = getpoint(&res);
    return st;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance) {
    byte q[BUF], ans[BUF], *p = head(r, q, RPC_DEPOSIT);
    const byte *res = ans + 12;
    put4(&p, (uint32_t)amount);
    int st = call(r, q, p, ans, is4);
    if (!st)
        *balance = (int32_t)get4(&res);
    return st;
}

#include "rpc.h"
#include "registry.h"
#include "wire.h"
#include <pthread.h>

#define THREADS 4
#define CLIENTS 300

typedef struct
{
    uint64_t age;       // 0: free
    uint32_t client, xid;
    Msg      reply;
} Slot;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Slot     slots[CLIENTS];         // under the lock
static uint64_t age;                    // under the lock
static int32_t  balance;                // under the lock
static bool     atLeastOnce;
static int      sock;

static int32_t middle(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a + b) / 2);
}

static uint32_t execute(Msg *q, Msg *out)
{
    uint32_t prog = 0, vers = 0, proc = 0, n, u, v;
    int32_t i;
    int64_t total = 0;
    point a, b;
    unsigned char s[RPC_STRING_MAX];

    takeWord(q, &prog);
    takeWord(q, &vers);
    takeWord(q, &proc);
    if (prog != RPC_PROGRAM)
        return RPC_NO_PROGRAM;
    if (vers != RPC_VERSION)
        return RPC_NO_VERSION;
    switch (proc) {
    case RPC_ADD:
        if (!takeWord(q, &u) || !takeWord(q, &v) || bytesLeft(q))
            return RPC_BAD_ARGS;
        addWord(out, u + v);
        return RPC_OK;
    case RPC_REVERSE:
        if (!takeString(q, s, &n) || bytesLeft(q))
            return RPC_BAD_ARGS;
        for (u = 0, v = n; u + 1 < v; ++u) {
            unsigned char c = s[u];
            s[u] = s[--v];
            s[v] = c;
        }
        addString(out, s, n);
        return RPC_OK;
    case RPC_SUM:
        if (!takeWord(q, &n) || n > RPC_ARRAY_MAX || bytesLeft(q) != 4 * (size_t)n)
            return RPC_BAD_ARGS;
        while (takeInt(q, &i))
            total += i;
        addHyper(out, total);
        return RPC_OK;
    case RPC_MID:
        if (!takePoint(q, &a) || !takePoint(q, &b) || bytesLeft(q))
            return RPC_BAD_ARGS;
        addPoint(out, (point){middle(a.x, b.x), middle(a.y, b.y)});
        return RPC_OK;
    case RPC_DEPOSIT:
        if (!takeInt(q, &i) || bytesLeft(q))
            return RPC_BAD_ARGS;
        if (i < 0 || (int64_t)balance + i > INT32_MAX)
            return RPC_FAILED;
        balance += i;
        addWord(out, (uint32_t)balance);
        return RPC_OK;
    default:
        return RPC_NO_PROCEDURE;
    }
}

static void reply(Msg *q, uint32_t xid, uint32_t client, Msg *r)
{
    r->words = 3;
    uint32_t status = execute(q, r);
    uint32_t words = status == RPC_OK ? r->words : 3;
    r->words = 0;
    addWord(r, xid);
    addWord(r, client);
    addWord(r, status);
    r->words = words;
}

// the client's slot; or the one to take for it, whose age or number then differs
static Slot *slotOf(uint32_t client)
{
    Slot *oldest = slots;
    for (Slot *s = slots; s < slots + CLIENTS; ++s) {
        if (s->age && s->client == client)
            return s;
        if (s->age < oldest->age)
            oldest = s;
    }
    return oldest;
}

// q has come; false: no answer
static bool handle(Msg *q, Msg *answer)
{
    uint32_t xid = 0, client = 0;
    if (q->bytes < 20)
        return false;
    takeWord(q, &xid);
    takeWord(q, &client);
    if (atLeastOnce) {
        reply(q, xid, client, answer);
        return true;
    }
    Slot *s = slotOf(client);
    bool known = s->age && s->client == client;
    if (known && xid < s->xid)
        return false;
    if (!known || xid > s->xid) {
        reply(q, xid, client, &s->reply);
        s->client = client;
        s->xid = xid;
    }
    s->age = ++age;
    *answer = s->reply;
    return true;
}

static void *worker(void *unused)
{
    Msg q, answer;
    memset(&answer, 0, sizeof answer);
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        // received and executed under one lock: so they are executed in the order in which they came
        pthread_mutex_lock(&lock);
        ssize_t n = recvfrom(sock, q.w, sizeof q.w, 0, (struct sockaddr *)&from, &size);
        q.words = 0;
        q.bytes = n < 0 ? 0 : (size_t)n;
        bool send = handle(&q, &answer);
        pthread_mutex_unlock(&lock);
        if (send)
            sendto(sock, answer.w, 4 * (size_t)answer.words, 0, (struct sockaddr *)&from, size);
    }
    return unused;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "-l") == 0)
        atLeastOnce = true;
    else if (argc != 1) {
        fprintf(stderr, "usage: %s [-l]\n", argv[0]);
        return 2;
    }

    struct sockaddr_in me = {.sin_family = AF_INET};
    inet_pton(AF_INET, "127.0.0.1", &me.sin_addr);
    socklen_t size = sizeof me;
    sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (sock < 0 || bind(sock, (struct sockaddr *)&me, size) < 0 || getsockname(sock, (struct sockaddr *)&me, &size) < 0) {
        perror("rpcd: socket");
        return 1;
    }
    if (registry_set(RPC_PROGRAM, RPC_VERSION, ntohs(me.sin_port)) < 0) {
        perror("rpcd: registry");
        return 1;
    }
    printf("listening %u\n", ntohs(me.sin_port));
    fflush(stdout);

    pthread_t t;
    for (int i = 1; i < THREADS; ++i)
        if (pthread_create(&t, NULL, worker, NULL) != 0)
            break;              // fewer will do
    worker(NULL);
}

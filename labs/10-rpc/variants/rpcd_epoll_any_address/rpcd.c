/*
 * Lab 10, task 2: the server, with its stub: it takes arguments out of requests, calls procedures, and puts
 * their results into replies.
 *
 *     rpcd [-l]
 *
 * It tells the registry on which port it serves, prints "listening PORT", and serves until it is killed. Exit
 * status: 1 if it cannot begin, 2 for wrong usage.
 *
 * A request may come twice, because its reply was lost on the way. Executed twice, a deposit would count
 * twice. So the last reply to each client is kept, and a request that has been answered gets the same reply
 * again: at most once. With -l it is at least once: every request that comes is executed.
 */
#include "rpc.h"

#include "registry.h"
#include "wire.h"

#include <fcntl.h>
#include <sys/epoll.h>

/* ---- the procedures: they know nothing of the wire ---- */

static int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b); /* unsigned: there it is defined that it wraps around */
}

static void reverse(char *s, uint32_t n)
{
    for (uint32_t i = 0; i < n / 2; i++) {
        char c = s[i];
        s[i] = s[n - 1 - i];
        s[n - 1 - i] = c;
    }
}

static point mid(point a, point b)
{
    return (point){(int32_t)(((int64_t)a.x + b.x) / 2), (int32_t)(((int64_t)a.y + b.y) / 2)};
}

/* Adds to the balance, of which the server has one for all clients. False: not allowed, and nothing is
 * changed. */
static bool deposit(int32_t amount, int32_t *balance)
{
    static int32_t total;
    if (amount < 0 || total > INT32_MAX - amount)
        return false;
    total += amount;
    *balance = total;
    return true;
}

/* ---- their stubs: arguments from `in`, the result to `out`; return the status ---- */

static uint32_t serve_add(struct in *in, struct out *out)
{
    int32_t a, b;
    if (!get_i32(in, &a) || !get_i32(in, &b) || in->left)
        return RPC_BAD_ARGS;
    put_i32(out, add(a, b));
    return RPC_OK;
}

static uint32_t serve_reverse(struct in *in, struct out *out)
{
    char s[RPC_STRING_MAX];
    uint32_t n;
    if (!get_string(in, s, &n) || in->left)
        return RPC_BAD_ARGS;
    reverse(s, n);
    put_string(out, s, n);
    return RPC_OK;
}

static uint32_t serve_sum(struct in *in, struct out *out)
{
    uint32_t n;
    int64_t sum = 0;
    /* First what is allowed: n * 4 must not overflow in the second question. */
    if (!get_u32(in, &n) || n > RPC_ARRAY_MAX || in->left != n * 4)
        return RPC_BAD_ARGS;
    for (int32_t value; get_i32(in, &value);)
        sum += value;
    put_i64(out, sum);
    return RPC_OK;
}

static uint32_t serve_mid(struct in *in, struct out *out)
{
    point a, b;
    if (!get_point(in, &a) || !get_point(in, &b) || in->left)
        return RPC_BAD_ARGS;
    put_point(out, mid(a, b));
    return RPC_OK;
}

static uint32_t serve_deposit(struct in *in, struct out *out)
{
    int32_t amount, balance;
    if (!get_i32(in, &amount) || in->left)
        return RPC_BAD_ARGS;
    if (!deposit(amount, &balance))
        return RPC_FAILED;
    put_i32(out, balance);
    return RPC_OK;
}

static uint32_t (*const procedures[])(struct in *, struct out *) = {
    [RPC_ADD] = serve_add, [RPC_REVERSE] = serve_reverse, [RPC_SUM] = serve_sum,
    [RPC_MID] = serve_mid, [RPC_DEPOSIT] = serve_deposit,
};
enum { PROCEDURES = sizeof procedures / sizeof *procedures };

/* ---- a request ---- */

struct header {
    uint32_t xid, client, prog, vers, proc;
};

static bool get_header(struct in *in, struct header *h)
{
    return get_u32(in, &h->xid) && get_u32(in, &h->client) && get_u32(in, &h->prog) &&
           get_u32(in, &h->vers) && get_u32(in, &h->proc);
}

static uint32_t dispatch(const struct header *h, struct in *args, struct out *results)
{
    if (h->prog != RPC_PROGRAM)
        return RPC_NO_PROGRAM;
    if (h->vers != RPC_VERSION)
        return RPC_NO_VERSION;
    if (h->proc >= PROCEDURES || !procedures[h->proc])
        return RPC_NO_PROCEDURE;
    return procedures[h->proc](args, results);
}

/* Calls the procedure, and makes the reply. */
static void execute(const struct header *h, struct in *args, struct out *reply)
{
    struct out results = {.size = 0};
    uint32_t status = dispatch(h, args, &results);
    reply->size = 0;
    put_u32(reply, h->xid);
    put_u32(reply, h->client);
    put_u32(reply, status);
    memcpy(reply->bytes + reply->size, results.bytes, results.size);
    reply->size += results.size;
}

/* ---- at most once ---- */

/* A client whose last reply we keep. One is enough: who sends the next request has got the reply to the last.
 */
struct client {
    uint64_t used; /* when, counted in requests; 0: nobody */
    uint32_t id;
    uint32_t xid; /* of the reply */
    struct out reply;
};

enum { CLIENTS = 256 };

/* The client's place; a new one takes that of whom we have not heard for longest. */
static struct client *find_client(uint32_t id)
{
    static struct client clients[CLIENTS];
    static uint64_t requests;
    struct client *oldest = clients;
    requests++;
    for (struct client *c = clients; c < clients + CLIENTS; c++) {
        if (c->used && c->id == id) {
            c->used = requests;
            return c;
        }
        if (c->used < oldest->used)
            oldest = c;
    }
    *oldest = (struct client){.used = requests, .id = id};
    return oldest;
}

/* The reply, or NULL if none is due: the request is older than the last one that was answered, so its client
 * has long had its reply, and this one has only been late. It must not be executed. */
static const struct out *execute_once(const struct header *h, struct in *args)
{
    struct client *c = find_client(h->client);
    if (c->reply.size && h->xid < c->xid)
        return NULL;
    if (!c->reply.size || h->xid > c->xid) {
        execute(h, args, &c->reply);
        c->xid = h->xid;
    }
    return &c->reply;
}

/* ---- the server ---- */

static void serve(int fd, bool at_least_once)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(0);
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (;;) {
        epoll_wait(set, &event, 1, 5000);
        unsigned char bytes[WIRE_MAX];
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
        if (n < 0)
            continue;
        struct in in = {bytes, (size_t)n};
        struct header h;
        if (!get_header(&in, &h))
            continue; /* whom should we answer, and what? */
        struct out fresh;
        const struct out *reply = &fresh;
        if (at_least_once)
            execute(&h, &in, &fresh);
        else
            reply = execute_once(&h, &in);
        if (reply)
            sendto(fd, reply->bytes, reply->size, 0, (struct sockaddr *)&from, size);
    }
}

/* A UDP socket on a port that the kernel chooses; -1 with errno. */
static int open_socket(uint16_t *port)
{
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof me;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof me) < 0 ||
        getsockname(fd, (struct sockaddr *)&me, &size) < 0)
        return -1;
    *port = ntohs(me.sin_port);
    return fd;
}

int main(int argc, char **argv)
{
    bool at_least_once = argc == 2 && strcmp(argv[1], "-l") == 0;
    if (argc > 2 || (argc == 2 && !at_least_once)) {
        fprintf(stderr, "usage: rpcd [-l]\n");
        return 2;
    }
    uint16_t port;
    int fd = open_socket(&port);
    /* The port has to be ours before the registry knows of it: a client may come at once. */
    if (fd < 0 || registry_set(RPC_PROGRAM, RPC_VERSION, port) < 0) {
        perror("rpcd");
        return 1;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("listening %u\n", port);
    serve(fd, at_least_once);
}

#include "rpc.h"
#include "ask.h"

#include <stdbool.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#define TIMER(r) ((int)(r)->own[3])

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
  int port = ask_port(prog, vers);
  if (port == 0)
    port = ask_port(prog, vers); /* perhaps it was just about to */
  if (port < 0)
    return -1;
  if (port == 0)
    return errno = ENOENT, -1;
  uint32_t id;
  if (getrandom(&id, sizeof id, 0) != sizeof id)
    return -1;
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0)
    return -1;
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (t < 0 || connect(s, (struct sockaddr *)&to, sizeof to) < 0) {
    int e = errno;
    if (t >= 0)
      close(t);
    close(s);
    return errno = e, -1;
  }
  memset(r, 0, sizeof *r);
  r->fd = s;
  r->own[3] = (uint64_t)t;
  r->port = (uint16_t)port;
  r->client = id;
  r->prog = prog;
  r->vers = vers;
  r->ms = ms;
  r->tries = tries;
  return 0;
}

void rpc_close(rpc *r)
{
  close(TIMER(r));
  close(r->fd);
}

static uint32_t word(const void *at)
{
  uint32_t v;
  memcpy(&v, at, 4);
  return ntohl(v);
}

/* The results of a right reply are `size` bytes at `at`. */
struct results {
  char datagram[2000];
  const char *at;
  size_t size;
};

static bool is_mine(const rpc *r, struct results *a, ssize_t n, int fixed)
{
  if (n < 12)
    return false;
  uint32_t status = word(a->datagram + 8);
  a->at = a->datagram + 12;
  a->size = (size_t)n - 12;
  if (word(a->datagram) != r->xid || word(a->datagram + 4) != r->client || status > 5)
    return false;
  if (status)
    return a->size == 0;
  if (fixed)
    return a->size == (size_t)fixed;
  if (a->size < 4 || word(a->at) > RPC_STRING_MAX)
    return false;
  return a->size == 4 + (word(a->at) + 3) / 4 * 4;
}

static bool timer_ran_out(rpc *r)
{
  uint64_t times;
  return read(TIMER(r), &times, sizeof times) == sizeof times;
}

/* args: up to two pieces, behind the header. fixed: bytes of the results, 0: a string */
static int call(rpc *r, uint32_t proc, struct iovec a1, struct iovec a2, struct results *a, int fixed)
{
  r->xid += 7;
  uint32_t head[5] = {htonl(r->xid), htonl(r->client), htonl(r->prog), htonl(r->vers), htonl(proc)};
  struct iovec pieces[3] = {{head, sizeof head}, a1, a2};
  struct msghdr m = {.msg_iov = pieces, .msg_iovlen = 3};
  struct itimerspec t = {.it_value = {r->ms / 1000, r->ms % 1000 * 1000000L}}, off = {.it_value = {0, 0}};

  for (int i = 0; i < r->tries; i++) {
    sendmsg(r->fd, &m, 0); /* what fails here is lost */
    timerfd_settime(TIMER(r), 0, &t, NULL);
    bool over = false;
    int more = 100; /* so many datagrams are looked at when the time is over */
    while (!over || more > 0) {
      struct pollfd p[2] = {{.fd = r->fd, .events = POLLIN}, {.fd = TIMER(r), .events = POLLIN}};
      int ready = poll(p, 2, over ? 0 : -1);
      if (ready < 0 && errno != EINTR)
        return -1;
      if (ready == 0)
        break;
      if (ready < 0)
        continue;
      if (p[1].revents && timer_ran_out(r))
        over = true;
      if (over)
        more--;
      if (!p[0].revents)
        continue;
      ssize_t n = recv(r->fd, a->datagram, sizeof a->datagram, MSG_DONTWAIT);
      if (is_mine(r, a, n, fixed)) {
        timerfd_settime(TIMER(r), 0, &off, NULL);
        return (int)word(a->datagram + 8);
      }
    }
  }
  errno = ETIMEDOUT;
  return -1;
}

static const struct iovec nothing = {NULL, 0};

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
  struct results res;
  uint32_t args[2] = {htonl((uint32_t)a), htonl((uint32_t)b)};
  int status = call(r, RPC_ADD, (struct iovec){args, sizeof args}, nothing, &res, 4);
  if (status == 0)
    *sum = (int32_t)word(res.at);
  return status;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
  struct results res;
  size_t n = strlen(s);
  if (n > RPC_STRING_MAX)
    return errno = EMSGSIZE, -1;
  uint32_t length = htonl((uint32_t)n);
  char padded[RPC_STRING_MAX + 4] = "";
  memcpy(padded, s, n);
  int status = call(r, RPC_REVERSE, (struct iovec){&length, 4}, (struct iovec){padded, (n + 3) / 4 * 4}, &res, 0);
  if (status == 0) {
    memcpy(reversed, res.at + 4, word(res.at));
    reversed[word(res.at)] = '\0';
  }
  return status;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
  struct results res;
  uint32_t v[1 + RPC_ARRAY_MAX] = {htonl(n)};
  if (n > RPC_ARRAY_MAX)
    return errno = EMSGSIZE, -1;
  for (uint32_t i = 0; i < n; i++)
    v[i + 1] = htonl((uint32_t)values[i]);
  int status = call(r, RPC_SUM, (struct iovec){v, 4 + 4 * (size_t)n}, nothing, &res, 8);
  if (status == 0)
    *sum = (int64_t)((uint64_t)word(res.at) << 32 | word(res.at + 4));
  return status;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
  struct results res;
  uint32_t p[2] = {htonl((uint32_t)a.x), htonl((uint32_t)a.y)}, q[2] = {htonl((uint32_t)b.x), htonl((uint32_t)b.y)};
  int status = call(r, RPC_MID, (struct iovec){p, sizeof p}, (struct iovec){q, sizeof q}, &res, 8);
  if (status == 0)
    *middle = (point){.x = (int32_t)word(res.at), .y = (int32_t)word(res.at + 4)};
  return status;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
  struct results res;
  uint32_t arg = htonl((uint32_t)amount);
  int status = call(r, RPC_DEPOSIT, (struct iovec){&arg, sizeof arg}, nothing, &res, 4);
  if (status == 0)
    *balance = (int32_t)word(res.at);
  return status;
}

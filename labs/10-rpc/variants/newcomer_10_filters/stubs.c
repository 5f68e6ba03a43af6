#define _GNU_SOURCE
#include "rpc.h"
#include "registry.h"
#include "xdr.h"

#include <sys/random.h>
#include <sys/select.h>
#include <time.h>

/* What goes in and what comes out, by procedure. */
static const struct { filter *in, *out; } table[] = {
   [RPC_ADD] = {x_pair, x_int},
   [RPC_REVERSE] = {x_string, x_string},
   [RPC_SUM] = {x_array, x_hyper},
   [RPC_MID] = {x_points, x_point},
   [RPC_DEPOSIT] = {x_int, x_int},
};

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
   struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
   int port = registry_get(prog, vers), fd, saved;
   if (port < 0)
      return -1;
   if (port == 0) {
      errno = ENOENT;
      return -1;
   }
   addr.sin_port = htons((uint16_t)port);
   if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
      return -1;
   if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || getentropy(&r->client, sizeof r->client) < 0) {
      saved = errno;
      close(fd);
      errno = saved;
      return -1;
   }
   r->fd = fd;
   r->port = (uint16_t)port;
   r->prog = prog;
   r->vers = vers;
   r->ms = ms;
   r->tries = tries;
   r->xid = 0;
   return 0;
}

void rpc_close(rpc *r)
{
   close(r->fd);
}

static int64_t nanos(void)
{
   struct timespec t;
   clock_gettime(CLOCK_MONOTONIC, &t);
   return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static bool decode(const rpc *r, uint8_t *bytes, size_t n, uint32_t *status, filter *out, void *result)
{
   XDR x = {DECODE, bytes, bytes + n};
   uint32_t xid, client;
   return x_u32(&x, &xid) && x_u32(&x, &client) && x_u32(&x, status) &&
          xid == r->xid && client == r->client && *status <= RPC_FAILED &&
          (*status != RPC_OK || out(&x, result)) && x.at == x.end;
}

static int call(rpc *r, uint32_t proc, void *args, void *result)
{
   uint8_t request[2048], reply[2048];
   XDR x = {ENCODE, request, request + sizeof request};
   uint32_t status;
   r->xid++;
   if (!x_u32(&x, &r->xid) || !x_u32(&x, &r->client) || !x_u32(&x, &r->prog) || !x_u32(&x, &r->vers) ||
       !x_u32(&x, &proc) || !table[proc].in(&x, args)) {
      errno = EMSGSIZE;
      return -1;
   }
   for (int i = 0; i < r->tries; i++) {
      send(r->fd, request, (size_t)(x.at - request), MSG_NOSIGNAL);
      int64_t end = nanos() + r->ms * INT64_C(1000000);
      for (int drained = 0; drained < 64;) {
         int64_t left = end - nanos();
         if (left <= 0) {
            left = 0;
            drained++;
         }
         struct timespec t = {left / 1000000000, left % 1000000000};
         fd_set readable;
         FD_ZERO(&readable);
         FD_SET(r->fd, &readable);
         int ready = pselect(r->fd + 1, &readable, NULL, NULL, &t, NULL);
         if (ready == 0)
            break;
         if (ready < 0)
            continue;
         ssize_t n = recv(r->fd, reply, sizeof reply, MSG_DONTWAIT);
         if (n < 0 && errno == ECONNREFUSED)
            return -1;
         if (n >= 0 && decode(r, reply, (size_t)n, &status, table[proc].out, result))
            return (int)status;
      }
   }
   errno = ETIMEDOUT;
   return -1;
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
   int32_t got;
   int status = call(r, RPC_ADD, &(xpair){a, b}, &got);
   if (status == RPC_OK)
      *sum = got;
   return status;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
   xstring t;
   size_t n = strlen(s);
   if (n > sizeof t.s) {
      errno = EMSGSIZE;
      return -1;
   }
   t.n = (uint32_t)n;
   memcpy(t.s, s, n);
   int status = call(r, RPC_REVERSE, &t, &t);
   if (status == RPC_OK) {
      memcpy(reversed, t.s, t.n);
      reversed[t.n] = '\0';
   }
   return status;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
   xarray a = {.n = n};
   int64_t got;
   if (n > RPC_ARRAY_MAX) {
      errno = EMSGSIZE;
      return -1;
   }
   if (n > 0)
      memcpy(a.v, values, n * sizeof *values);
   int status = call(r, RPC_SUM, &a, &got);
   if (status == RPC_OK)
      *sum = got;
   return status;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
   point got;
   int status = call(r, RPC_MID, &(xpoints){a, b}, &got);
   if (status == RPC_OK)
      *middle = got;
   return status;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
   int32_t got;
   int status = call(r, RPC_DEPOSIT, &amount, &got);
   if (status == RPC_OK)
      *balance = got;
   return status;
}

/* stubs.c -- the client's side.

   Each call makes a socket of its own and closes it at its end.  The nice thing about it: replies to
   earlier calls go to a port that nobody has any more (or somebody else, so xid and client are still
   compared).  */

#include "rpc.h"
#include "registry.h"
#include "wire.h"

#include <fcntl.h>              /* open */
#include <time.h>               /* clock_gettime */

/* Draw a number for `client'.  Returns false if that is not possible.  */
static bool
draw (uint32_t *number)
{
  int fd = open ("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  /* A device may give less than one asks for, in theory.  */
  ssize_t n = read (fd, number, sizeof *number);
  close (fd);
  if (n != (ssize_t) sizeof *number)
    {
      errno = EIO;
      return false;
    }
  return true;
}

int
rpc_open (rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
  /* First of all: where is it?  */
  int port = registry_get (prog, vers);
  if (port < 0)
    return -1;                  /* errno is registry_get's */
  if (port == 0)
    {
      errno = ENOENT;           /* nobody serves it */
      return -1;
    }

  /* *r may hold anything, so everything that we use is set.  */
  r->fd = -1;                   /* no socket between the calls */
  r->port = (uint16_t) port;
  r->xid = 0;                   /* the first call has 1 */
  r->prog = prog;
  r->vers = vers;
  r->ms = ms;
  r->tries = tries;
  return draw (&r->client) ? 0 : -1;
}

void
rpc_close (rpc *r)
{
  /* Nothing is open.  */
  (void) r;
}

/* What a procedure returns.  */
enum shape
{
  FOUR_BYTES,                   /* an int */
  EIGHT_BYTES,                  /* a hyper, or a point */
  TEXT                          /* a string */
};

/* Is the datagram of SIZE bytes at P the right reply to the present call of R?  */
static bool
is_reply (const rpc *r, const unsigned char *p, size_t size, enum shape shape)
{
  if (size < 12)                                /* not even a header */
    return false;
  if (load32 (p) != r->xid)                     /* another call's */
    return false;
  if (load32 (p + 4) != r->client)              /* another client's */
    return false;
  uint32_t status = load32 (p + 8);
  if (status > RPC_FAILED)                      /* there is no such status */
    return false;
  if (status != RPC_OK)                         /* no results then */
    return size == 12;
  switch (shape)
    {
    case FOUR_BYTES:
      return size == 12 + 4;
    case EIGHT_BYTES:
      return size == 12 + 8;
    case TEXT:
      return is_string (p + 12, size - 12);
    }
  return false;                                 /* not reached */
}

/* The time now, in milliseconds, on a clock that nobody sets.  */
static int64_t
now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait on FD until END for the reply.  1: it is in ANSWER, which has room for WIRE_MAX bytes;
   0: the time is over; -1: nobody has that port.  */
static int
await (const rpc *r, int fd, int64_t end, unsigned char *answer, enum shape shape)
{
  /* When the time is over we look at what has come already, but only at so many.  */
  for (int over = 0; over < 1000; )
    {
      int64_t left = end - now ();
      if (left <= 0)
        {
          left = 0;
          over++;
        }
      struct pollfd p = { .fd = fd, .events = POLLIN };
      int ready = poll (&p, 1, (int) left);
      if (ready == 0)
        return 0;
      if (ready < 0)
        continue;               /* interrupted */
      ssize_t n = recv (fd, answer, WIRE_MAX, MSG_DONTWAIT);
      if (n < 0 && errno == ECONNREFUSED)
        return -1;
      if (n >= 0 && is_reply (r, answer, (size_t) n, shape))
        return 1;
      /* Whatever it was: it was not for us.  */
    }
  return 0;
}

/* Make a call.  REQUEST has SIZE bytes.  Returns what the stub returns; the results are at ANSWER + 12.  */
static int
call (rpc *r, const unsigned char *request, size_t size, unsigned char *answer, enum shape shape)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;

  /* To the server, and from the server only.  */
  struct sockaddr_in server;
  memset (&server, 0, sizeof server);
  server.sin_family = AF_INET;
  server.sin_port = htons (r->port);
  server.sin_addr.s_addr = htonl (INADDR_LOOPBACK);

  int result = -1;
  int error = ETIMEDOUT;        /* until we know better */
  if (connect (fd, (struct sockaddr *) &server, sizeof server) < 0)
    error = errno;
  else
    for (int i = 0; i < r->tries; i++)
      {
        send (fd, request, size, 0);    /* if that fails it is lost, which we know how to handle */
        int came = await (r, fd, now () + r->ms, answer, shape);
        if (came > 0)
          {
            result = (int) load32 (answer + 8);
            break;
          }
        if (came < 0)
          {
            error = ECONNREFUSED;
            break;
          }
      }

  close (fd);
  errno = error;
  return result;
}

/* Every request begins like this.  Takes the next xid.  */
static unsigned char *
header (rpc *r, unsigned char *p, uint32_t proc)
{
  r->xid++;
  p = store32 (p, r->xid);
  p = store32 (p, r->client);
  p = store32 (p, r->prog);
  p = store32 (p, r->vers);
  p = store32 (p, proc);
  return p;
}

/* ---- now the stubs: marshal, call, unmarshal ---- */

int
rpc_add (rpc *r, int32_t a, int32_t b, int32_t *sum)
{
  unsigned char request[28], answer[WIRE_MAX];
  unsigned char *p = header (r, request, RPC_ADD);
  p = store32 (p, (uint32_t) a);
  p = store32 (p, (uint32_t) b);
  int status = call (r, request, p - request, answer, FOUR_BYTES);
  if (status == RPC_OK)
    *sum = (int32_t) load32 (answer + 12);
  return status;
}

int
rpc_reverse (rpc *r, const char *s, char *reversed)
{
  unsigned char request[20 + 4 + RPC_STRING_MAX], answer[WIRE_MAX];
  size_t n = strlen (s);
  if (n > RPC_STRING_MAX)
    {
      errno = EMSGSIZE;
      return -1;
    }
  unsigned char *p = store_string (header (r, request, RPC_REVERSE), s, n);
  int status = call (r, request, p - request, answer, TEXT);
  if (status == RPC_OK)
    {
      /* The length is the reply's.  It has been looked at.  */
      uint32_t length = load32 (answer + 12);
      memcpy (reversed, answer + 16, length);
      reversed[length] = '\0';
    }
  return status;
}

int
rpc_sum (rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
  unsigned char request[20 + 4 + 4 * RPC_ARRAY_MAX], answer[WIRE_MAX];
  if (n > RPC_ARRAY_MAX)
    {
      errno = EMSGSIZE;
      return -1;
    }
  unsigned char *p = store32 (header (r, request, RPC_SUM), n);
  for (uint32_t i = 0; i < n; i++)      /* with n == 0 `values' is not looked at */
    p = store32 (p, (uint32_t) values[i]);
  int status = call (r, request, p - request, answer, EIGHT_BYTES);
  if (status == RPC_OK)
    *sum = (int64_t) load64 (answer + 12);
  return status;
}

int
rpc_mid (rpc *r, point a, point b, point *middle)
{
  unsigned char request[36], answer[WIRE_MAX];
  unsigned char *p = header (r, request, RPC_MID);
  p = store32 (p, (uint32_t) a.x);      /* field by field, */
  p = store32 (p, (uint32_t) a.y);      /* never the struct as it lies there */
  p = store32 (p, (uint32_t) b.x);
  p = store32 (p, (uint32_t) b.y);
  int status = call (r, request, p - request, answer, EIGHT_BYTES);
  if (status == RPC_OK)
    {
      middle->x = (int32_t) load32 (answer + 12);
      middle->y = (int32_t) load32 (answer + 16);
    }
  return status;
}

int
rpc_deposit (rpc *r, int32_t amount, int32_t *balance)
{
  unsigned char request[24], answer[WIRE_MAX];
  unsigned char *p = store32 (header (r, request, RPC_DEPOSIT), (uint32_t) amount);
  int status = call (r, request, p - request, answer, FOUR_BYTES);
  if (status == RPC_OK)
    *balance = (int32_t) load32 (answer + 12);
  return status;
}

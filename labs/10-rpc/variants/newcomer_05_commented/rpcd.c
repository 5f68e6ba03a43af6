/* rpcd.c -- the server.  */

#include "rpc.h"
#include "registry.h"
#include "wire.h"

/* What the server keeps of each client that has ever called.  */
struct client
{
  struct client *next;
  uint32_t number;              /* who */
  uint32_t xid;                 /* its last call */
  size_t size;                  /* the reply to it, */
  unsigned char reply[];        /* as it was sent */
};

/* All of them.  There is no limit but memory; the newest reply is in front.  */
static struct client *clients;

/* The one balance.  64 bits, so nothing overflows before we have looked.  */
static int64_t balance;

/* Execute the procedure PROC with the SIZE bytes of arguments at A.  The results go to P; *END is
   where they end.  Returns the status.  */
static uint32_t
execute (uint32_t proc, const unsigned char *a, size_t size, unsigned char *p, unsigned char **end)
{
  *end = p;
  switch (proc)
    {
    case RPC_ADD:
      if (size != 8)
        return RPC_BAD_ARGS;
      /* Unsigned numbers wrap around, by the standard.  */
      *end = store32 (p, load32 (a) + load32 (a + 4));
      return RPC_OK;

    case RPC_REVERSE:
      {
        if (!is_string (a, size))
          return RPC_BAD_ARGS;
        uint32_t n = load32 (a);
        unsigned char turned[RPC_STRING_MAX];
        for (uint32_t i = 0; i < n; i++)
          turned[i] = a[4 + (n - 1 - i)];
        *end = store_string (p, turned, n);
        return RPC_OK;
      }

    case RPC_SUM:
      {
        if (size < 4)                   /* is the number there? */
          return RPC_BAD_ARGS;
        uint32_t n = load32 (a);
        if (n > RPC_ARRAY_MAX)          /* is it allowed? */
          return RPC_BAD_ARGS;
        if (size != 4 + 4 * (size_t) n) /* so many, and no more? */
          return RPC_BAD_ARGS;
        int64_t sum = 0;
        for (uint32_t i = 1; i <= n; i++)
          sum += (int32_t) load32 (a + 4 * i);
        *end = store64 (p, (uint64_t) sum);
        return RPC_OK;
      }

    case RPC_MID:
      {
        if (size != 16)
          return RPC_BAD_ARGS;
        /* 64 bits for the sum.  */
        int64_t x = (int64_t) (int32_t) load32 (a) + (int32_t) load32 (a + 8);
        int64_t y = (int64_t) (int32_t) load32 (a + 4) + (int32_t) load32 (a + 12);
        p = store32 (p, (uint32_t) (x / 2));
        *end = store32 (p, (uint32_t) (y / 2));
        return RPC_OK;
      }

    case RPC_DEPOSIT:
      {
        if (size != 4)
          return RPC_BAD_ARGS;
        int32_t amount = (int32_t) load32 (a);
        if (amount < 0)
          return RPC_FAILED;
        if (balance + amount > INT32_MAX)
          return RPC_FAILED;
        balance += amount;
        *end = store32 (p, (uint32_t) balance);
        return RPC_OK;
      }
    }
  return RPC_NO_PROCEDURE;
}

/* The whole reply to the request Q of SIZE bytes (at least 20).  Returns its size.  */
static size_t
answer (const unsigned char *q, size_t size, unsigned char *reply)
{
  unsigned char *end = reply + 12;
  uint32_t status;
  if (load32 (q + 8) != RPC_PROGRAM)            /* the smallest first */
    status = RPC_NO_PROGRAM;
  else if (load32 (q + 12) != RPC_VERSION)
    status = RPC_NO_VERSION;
  else
    status = execute (load32 (q + 16), q + 20, size - 20, reply + 12, &end);
  memcpy (reply, q, 8);                         /* xid and client, as they came */
  store32 (reply + 8, status);
  return (size_t) (end - reply);
}

/* One request.  */
static void
handle (int fd, const unsigned char *q, size_t size, const struct sockaddr_in *from, bool at_least_once)
{
  unsigned char fresh[2048];

  if (size < 20)                /* too short for a header: nobody to answer to */
    return;
  uint32_t xid = load32 (q);
  uint32_t number = load32 (q + 4);

  if (at_least_once)
    {
      size_t n = answer (q, size, fresh);
      sendto (fd, fresh, n, 0, (const struct sockaddr *) from, sizeof *from);
      return;
    }

  /* Which client?  */
  struct client **p = &clients;
  while (*p && (*p)->number != number)
    p = &(*p)->next;
  struct client *c = *p;

  if (c && xid < c->xid)        /* old, late: nobody waits for it */
    return;
  if (!c || xid > c->xid)       /* a new call */
    {
      /* Get the memory before it is executed, so that nothing is executed that cannot be kept.  */
      struct client *fit = malloc (sizeof *fit + 1024);
      if (!fit)
        {
          fprintf (stderr, "rpcd: no memory; request ignored\n");
          return;
        }
      size_t n = answer (q, size, fresh);
      if (c)
        {
          *p = c->next;
          free (c);
        }
      fit->number = number;
      fit->xid = xid;
      fit->size = n;
      memcpy (fit->reply, fresh, n);
      /* Give back what is not needed.  */
      c = realloc (fit, sizeof *fit + n);
      if (!c)
        c = fit;
      c->next = clients;
      clients = c;
    }
  /* Also if it was the same xid: the same reply, to where this request came from.  */
  sendto (fd, c->reply, c->size, 0, (const struct sockaddr *) from, sizeof *from);
}

int
main (int argc, char *argv[])
{
  bool at_least_once = false;

  /* Arguments: none, or -l.  */
  if (argc == 2 && strcmp (argv[1], "-l") == 0)
    at_least_once = true;
  else if (argc != 1)
    {
      fprintf (stderr, "usage: rpcd [-l]\n");
      return 2;
    }

  /* A socket on 127.0.0.1; the kernel chooses the port.  */
  int fd = socket (AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in me;
  memset (&me, 0, sizeof me);
  me.sin_family = AF_INET;
  me.sin_port = 0;
  me.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  socklen_t size = sizeof me;
  if (fd < 0
      || bind (fd, (struct sockaddr *) &me, sizeof me) < 0
      || getsockname (fd, (struct sockaddr *) &me, &size) < 0)
    {
      fprintf (stderr, "rpcd: no socket: %s\n", strerror (errno));
      return 1;
    }

  /* From here on the port is ours, and the kernel keeps what comes.  Only now the registry.  */
  if (registry_set (RPC_PROGRAM, RPC_VERSION, ntohs (me.sin_port)) < 0)
    {
      fprintf (stderr, "rpcd: the registry: %s\n", strerror (errno));
      return 1;
    }
  printf ("listening %u\n", (unsigned) ntohs (me.sin_port));
  fflush (stdout);              /* stdout may be a pipe */

  /* Serve.  */
  static unsigned char q[WIRE_MAX];
  for (;;)
    {
      struct pollfd p = { .fd = fd, .events = POLLIN };
      if (poll (&p, 1, -1) < 1)
        continue;
      struct sockaddr_in from;
      socklen_t from_size = sizeof from;
      ssize_t n = recvfrom (fd, q, sizeof q, MSG_DONTWAIT, (struct sockaddr *) &from, &from_size);
      if (n >= 0)
        handle (fd, q, (size_t) n, &from, at_least_once);
    }
}

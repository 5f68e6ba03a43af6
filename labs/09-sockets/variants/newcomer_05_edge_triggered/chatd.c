#define _GNU_SOURCE
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65536u
#define BACKLOG_MAX (1u << 20)

struct conn
{
  int fd;
  bool readable;     /* an edge has come, and no EAGAIN since */
  bool eof;
  bool cannot_send;  /* EPIPE or so; what it has said before is still read */
  bool kill;
  bool named;
  uint32_t nick_len;
  char *nick;
  uint8_t *in;       /* 4 + FRAME_MAX bytes */
  size_t in_len;
  uint8_t *out;
  size_t out_at, out_end, out_cap;
};

static struct conn **table;
static int table_size, top = -1;
static int epfd, listener, udp = -1;
static bool listener_ready, udp_ready;
static struct addr where;

static void
on_term (int sig)
{
  (void) sig;
  if (where.is_unix)
    unlink (where.path);
  _exit (0);
}

static void
watch (int fd, uint32_t events)
{
  struct epoll_event e = { .events = events | EPOLLET, .data.fd = fd };
  if (epoll_ctl (epfd, EPOLL_CTL_ADD, fd, &e) < 0)
    perror ("chatd: epoll_ctl");
}

static size_t
pending (const struct conn *c)
{
  return c->out_end - c->out_at;
}

static void
flush_conn (struct conn *c)
{
  while (pending (c) > 0 && !c->cannot_send)
    {
      ssize_t n = send (c->fd, c->out + c->out_at, pending (c), MSG_NOSIGNAL);
      if (n >= 0)
        c->out_at += n;
      else if (errno == EAGAIN)
        return;                 /* an edge will come */
      else if (errno != EINTR)
        c->cannot_send = true;
    }
  c->out_at = c->out_end = 0;
}

static void
queue_frame (struct conn *c, const uint8_t *frame, size_t n)
{
  if (c->kill || c->eof || c->cannot_send)
    return;
  if (c->out_end + n > c->out_cap)
    {
      memmove (c->out, c->out + c->out_at, pending (c));
      c->out_end -= c->out_at;
      c->out_at = 0;
      if (c->out_end + n > c->out_cap)
        {
          size_t cap = c->out_end + n + 65536;
          uint8_t *p = realloc (c->out, cap);
          if (!p)
            {
              c->kill = true;
              return;
            }
          c->out = p;
          c->out_cap = cap;
        }
    }
  memcpy (c->out + c->out_end, frame, n);
  c->out_end += n;
  flush_conn (c);
  if (pending (c) > BACKLOG_MAX)
    c->kill = true;
}

static void
broadcast (const struct conn *from, const char *nick, size_t nick_len, const void *text, size_t text_len)
{
  static uint8_t frame[4 + FRAME_MAX];
  size_t n = nick_len + 2 + text_len;
  if (n > FRAME_MAX)
    n = FRAME_MAX;              /* not judged: cut */
  if (nick_len + 2 > n)
    return;
  uint32_t head = htonl (n);
  memcpy (frame, &head, 4);
  memcpy (frame + 4, nick, nick_len);
  memcpy (frame + 4 + nick_len, ": ", 2);
  memcpy (frame + 6 + nick_len, text, n - nick_len - 2);
  for (int i = 0; i <= top; i++)
    if (table[i] && table[i] != from)
      queue_frame (table[i], frame, n + 4);
}

static void
parse (struct conn *c)
{
  uint8_t *p = c->in, *end = c->in + c->in_len;
  while (end - p >= 4)
    {
      uint32_t n = (uint32_t) p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
      if (n > FRAME_MAX)
        {
          c->kill = true;
          return;
        }
      if ((size_t) (end - p) < 4 + (size_t) n)
        break;
      if (c->named)
        broadcast (c, c->nick, c->nick_len, p + 4, n);
      else
        {
          c->nick = malloc (n + 1);
          if (!c->nick)
            {
              c->kill = true;
              return;
            }
          memcpy (c->nick, p + 4, n);
          c->nick_len = n;
          c->named = true;
        }
      p += 4 + n;
    }
  c->in_len = end - p;
  memmove (c->in, p, c->in_len);
}

/* One recv(); readable stays true until the kernel says EAGAIN.  */
static void
read_conn (struct conn *c)
{
  ssize_t n = recv (c->fd, c->in + c->in_len, 4 + FRAME_MAX - c->in_len, 0);
  if (n > 0)
    {
      c->in_len += n;
      parse (c);
    }
  else if (n == 0)
    {
      c->eof = true;
      c->readable = false;
    }
  else if (errno == EAGAIN)
    c->readable = false;
  else if (errno != EINTR)
    c->kill = true;
}

static void
accept_all (void)
{
  while (listener_ready)
    {
      int fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        {
          if (errno == EAGAIN)
            listener_ready = false;
          else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return;             /* again when one has gone; listener_ready stays */
          continue;
        }
      if (fd >= table_size)
        {
          int size = fd + 64;
          struct conn **t = realloc (table, size * sizeof *t);
          if (!t)
            {
              close (fd);
              continue;
            }
          memset (t + table_size, 0, (size - table_size) * sizeof *t);
          table = t;
          table_size = size;
        }
      struct conn *c = calloc (1, sizeof *c);
      if (c)
        c->in = malloc (4 + FRAME_MAX);
      if (!c || !c->in)
        {
          free (c);
          close (fd);
          continue;
        }
      int on = 1;
      if (!where.is_unix)
        setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      c->fd = fd;
      table[fd] = c;
      if (fd > top)
        top = fd;
      watch (fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    }
}

static int
open_inet (int type)
{
  struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = type }, *ai;
  if (getaddrinfo (where.host, where.port, &hints, &ai) != 0)
    return -1;
  int fd = socket (ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol), on = 1;
  if (fd >= 0)
    {
      if (type == SOCK_STREAM)
        setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      if (bind (fd, ai->ai_addr, ai->ai_addrlen) < 0 || (type == SOCK_STREAM && listen (fd, SOMAXCONN) < 0))
        {
          perror ("chatd");
          close (fd);
          fd = -1;
        }
    }
  freeaddrinfo (ai);
  return fd;
}

static int
open_unix (void)
{
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  struct stat st;
  strcpy (un.sun_path, where.path);
  if (lstat (where.path, &st) == 0 && S_ISSOCK (st.st_mode))
    {
      int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
      if (connect (fd, (struct sockaddr *) &un, sizeof un) < 0 && errno == ECONNREFUSED)
        unlink (where.path);
      close (fd);
    }
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind (fd, (struct sockaddr *) &un, sizeof un) < 0 || listen (fd, SOMAXCONN) < 0)
    {
      perror ("chatd");
      return -1;
    }
  return fd;
}

static bool
open_tcp_and_udp (void)
{
  bool any = strspn (where.port, "0") == strlen (where.port);
  for (int i = 0; i < (any ? 40 : 1); i++)
    {
      if (any)
        strcpy (where.port, "0");
      listener = open_inet (SOCK_STREAM);
      if (listener < 0)
        return false;
      struct sockaddr_storage ss;
      socklen_t len = sizeof ss;
      char serv[32];
      if (getsockname (listener, (struct sockaddr *) &ss, &len) < 0
          || getnameinfo ((struct sockaddr *) &ss, len, NULL, 0, serv, sizeof serv, NI_NUMERICSERV) != 0)
        return false;
      snprintf (where.port, sizeof where.port, "%.5s", serv);
      udp = open_inet (SOCK_DGRAM);
      if (udp >= 0)
        return true;
      close (listener);
    }
  return false;
}

int
main (int argc, char **argv)
{
  if (argc != 2 || addr_parse (argv[1], &where) < 0)
    {
      fprintf (stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
      return 2;
    }
  if (where.is_unix ? (listener = open_unix ()) < 0 : !open_tcp_and_udp ())
    return 1;
  signal (SIGTERM, on_term);
  epfd = epoll_create1 (EPOLL_CLOEXEC);
  if (epfd < 0)
    {
      perror ("chatd: epoll_create1");
      return 1;
    }
  watch (listener, EPOLLIN);
  if (udp >= 0)
    watch (udp, EPOLLIN);
  if (where.is_unix)
    printf ("listening unix:%s\n", where.path);
  else
    printf ("listening tcp:%s:%s\n", where.host, where.port);
  fflush (stdout);

  bool more = false;            /* somebody has more to read: look for new edges, but do not sleep */
  for (;;)
    {
      struct epoll_event ev[128];
      int n = epoll_wait (epfd, ev, 128, more ? 0 : -1);
      for (int i = 0; i < n; i++)
        {
          int fd = ev[i].data.fd;
          if (fd == listener)
            listener_ready = true;
          else if (fd == udp)
            udp_ready = true;
          else if (table[fd])
            {
              if (ev[i].events & ~EPOLLOUT)
                table[fd]->readable = true;
              if (ev[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
                flush_conn (table[fd]);
            }
        }
      more = false;
      if (udp_ready)
        {
          char d[1025];
          ssize_t k = recv (udp, d, sizeof d, MSG_TRUNC);
          if (k < 0 && errno == EAGAIN)
            udp_ready = false;
          else if (k >= 0 && k <= 1024)
            broadcast (NULL, "udp", 3, d, k);
          more |= udp_ready;
        }
      bool gone = false;
      for (int i = 0; i <= top; i++)
        if (table[i] && table[i]->readable && !table[i]->eof && !table[i]->kill)
          {
            read_conn (table[i]);
            more |= table[i]->readable;
          }
      for (int i = 0; i <= top; i++)
        {
          struct conn *c = table[i];
          if (c && (c->kill || (c->eof && pending (c) == 0)))
            {
              close (i);
              free (c->nick);
              free (c->in);
              free (c->out);
              free (c);
              table[i] = NULL;
              gone = true;
            }
        }
      while (gone && top >= 0 && !table[top])
        top--;
      accept_all ();            /* does nothing unless listener_ready */
    }
}

#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65536u

static int server;
static atomic_bool input_done;  /* everything has been sent, and the shutdown comes */

static int
dial (const struct addr *a)
{
  int fd = -1;
  if (a->is_unix)
    {
      struct sockaddr_un un = { .sun_family = AF_UNIX };
      strcpy (un.sun_path, a->path);
      fd = socket (AF_UNIX, SOCK_STREAM, 0);
      if (fd >= 0 && connect (fd, (struct sockaddr *) &un, sizeof un) == 0)
        return fd;
      return -1;
    }
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
  if (getaddrinfo (a->host, a->port, &hints, &list) != 0)
    return -1;
  for (struct addrinfo *p = list; p; p = p->ai_next)
    {
      fd = socket (p->ai_family, p->ai_socktype, p->ai_protocol);
      if (fd < 0 || connect (fd, p->ai_addr, p->ai_addrlen) == 0)
        break;
      close (fd);
      fd = -1;
    }
  freeaddrinfo (list);
  return fd;
}

/* 1, 0 at the end before the first byte, -1 otherwise */
static int
recv_all (void *buf, size_t n)
{
  size_t have = 0;
  while (have < n)
    {
      ssize_t k = recv (server, (char *) buf + have, n - have, 0);
      if (k < 0 && errno == EINTR)
        continue;
      if (k <= 0)
        return k == 0 && have == 0 ? 0 : -1;
      have += k;
    }
  return 1;
}

static void *
printer (void *unused)
{
  static char text[FRAME_MAX];
  uint32_t n;
  int r;
  (void) unused;
  while ((r = recv_all (&n, 4)) == 1)
    {
      n = ntohl (n);
      if (n > FRAME_MAX || (n > 0 && recv_all (text, n) != 1))
        _exit (1);
      fwrite (text, 1, n, stdout);
      fputc ('\n', stdout);
      fflush (stdout);
    }
  _exit (r == 0 && input_done ? 0 : 1);
}

/* Waits if the server does not read: the printer goes on meanwhile.  false: it has gone.  */
static bool
send_all (const char *p, size_t n)
{
  while (n > 0)
    {
      ssize_t k = send (server, p, n, MSG_NOSIGNAL);
      if (k < 0 && errno == EINTR)
        continue;
      if (k < 0)
        return false;
      p += k;
      n -= k;
    }
  return true;
}

static bool
send_frame (const char *text, size_t n)
{
  uint32_t head = htonl (n);
  return send_all ((char *) &head, 4) && send_all (text, n);
}

static bool
send_input (void)
{
  static char buf[FRAME_MAX + 1];
  size_t have = 0;
  for (;;)
    {
      ssize_t k = read (STDIN_FILENO, buf + have, sizeof buf - have);
      if (k < 0 && errno == EINTR)
        continue;
      if (k <= 0)
        return have == 0 || send_frame (buf, have);
      have += k;
      char *start = buf, *nl;
      while ((nl = memchr (start, '\n', buf + have - start)))
        {
          if (!send_frame (start, nl - start))
            return false;
          start = nl + 1;
        }
      have -= start - buf;
      memmove (buf, start, have);
      if (have == sizeof buf)
        {
          if (!send_frame (buf, FRAME_MAX))
            return false;
          buf[0] = buf[FRAME_MAX];
          have = 1;
        }
    }
}

int
main (int argc, char **argv)
{
  struct addr a;
  if (argc != 3 || addr_parse (argv[1], &a) < 0)
    {
      fprintf (stderr, "usage: chat tcp:HOST:PORT | unix:PATH NICK\n");
      return 2;
    }
  server = dial (&a);
  if (server < 0)
    {
      perror ("chat");
      return 1;
    }
  pthread_t t;
  if (pthread_create (&t, NULL, printer, NULL) != 0)
    return 1;
  if (send_frame (argv[2], strlen (argv[2])) && send_input ())
    {
      input_done = true;
      shutdown (server, SHUT_WR);
    }
  pthread_join (t, NULL);       /* the printer ends the process */
  return 1;
}

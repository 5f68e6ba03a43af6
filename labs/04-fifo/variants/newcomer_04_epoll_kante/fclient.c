#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static int
wait_and_print (int fd)
{
  char buf[PIPE_BUF];
  size_t have = 0;
  int ep = epoll_create1 (0);
  struct epoll_event ev = { .events = EPOLLIN };
  if (ep == -1 || epoll_ctl (ep, EPOLL_CTL_ADD, fd, &ev) == -1)
    return 1;
  while (have < sizeof buf)
    {
      if (epoll_wait (ep, &ev, 1, -1) == -1 && errno != EINTR)
        return 1;
      ssize_t n = read (fd, buf + have, sizeof buf - have);
      if (n == -1 && (errno == EAGAIN || errno == EINTR))
        continue;
      if (n <= 0)
        return 1;
      char *nl = memchr (buf + have, '\n', n);
      have += n;
      if (nl)
        {
          close (ep);
          size_t out = 0, len = nl + 1 - buf;
          while (out < len)
            {
              n = write (STDOUT_FILENO, buf + out, len - out);
              if (n == -1)
                return 1;
              out += n;
            }
          return 0;
        }
    }
  return 1;
}

static int
talk (int server, const char *reply_path, const char *text)
{
  char *request;
  int len = asprintf (&request, "%s %s\n", reply_path, text);
  int result = 1;
  if (len == -1)
    return 1;
  if (len > PIPE_BUF)
    fprintf (stderr, "fclient: text too long\n");
  else
    {
      int fd = open (reply_path, O_RDONLY | O_NONBLOCK);
      if (fd == -1 || write (server, request, len) != len)
        perror ("fclient");
      else
        result = wait_and_print (fd);
      if (fd != -1)
        close (fd);
    }
  free (request);
  return result;
}

int
main (int argc, char **argv)
{
  if (argc != 3)
    {
      fprintf (stderr, "usage: fclient PATH TEXT\n");
      return 2;
    }
  signal (SIGPIPE, SIG_IGN);

  struct stat st;
  int server = open (argv[1], O_WRONLY | O_NONBLOCK);   /* no server: give up */
  if (server == -1 || fstat (server, &st) == -1 || !S_ISFIFO (st.st_mode))
    {
      fprintf (stderr, "fclient: no server at %s\n", argv[1]);
      return 1;
    }
  fcntl (server, F_SETFL, 0);   /* but wait if the server has much to do */

  char dir[] = "/tmp/fclientXXXXXX";
  if (mkdtemp (dir) == NULL)
    {
      perror (dir);
      return 1;
    }
  char path[sizeof dir + 8];
  sprintf (path, "%s/reply", dir);
  int result = 1;
  if (mkfifo (path, 0600) == -1)
    perror (path);
  else
    {
      result = talk (server, path, argv[2]);
      unlink (path);
    }
  rmdir (dir);
  close (server);
  return result;
}

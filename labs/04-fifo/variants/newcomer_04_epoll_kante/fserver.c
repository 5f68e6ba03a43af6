#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *fifo_to_remove;

static void
on_sigterm (int number)
{
  (void) number;
  unlink (fifo_to_remove);
  _exit (0);
}

struct collector
{
  char line[PIPE_BUF];
  size_t len;                   /* goes on counting when the line is full */
};

static void
reply (const char *path, const char *msg, size_t len)
{
  struct stat st;
  int fd = open (path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  if (fd == -1)
    return;
  if (fstat (fd, &st) == 0 && S_ISFIFO (st.st_mode)
      && write (fd, msg, len) == -1)
    fprintf (stderr, "dropped: %s\n", strerror (errno));
  close (fd);
}

static void
request (char *line, size_t len)
{
  size_t i = 0, j;
  while (line[i] != ' ' && line[i] != '\n')
    i++;
  if (i == 0 || line[i] == '\n')
    return;
  line[i++] = '\0';
  for (j = i; j < len; j++)
    switch (line[j])
      {
      case 'a' ... 'z':
        line[j] &= ~0x20;
      }
  reply (line, line + i, len - i);
}

static void
feed (struct collector *c, const char *data, size_t n)
{
  while (n--)
    {
      char ch = *data++;
      if (c->len < sizeof c->line)
        c->line[c->len] = ch;
      if (c->len <= sizeof c->line)
        c->len++;
      if (ch == '\n')
        {
          if (c->len <= sizeof c->line)
            request (c->line, c->len);
          c->len = 0;
        }
    }
}

int
main (int argc, char **argv)
{
  static struct collector c;
  static char buf[65536];
  struct stat st;

  if (argc != 2)
    {
      fputs ("usage: fserver PATH\n", stderr);
      return 2;
    }
  signal (SIGPIPE, SIG_IGN);
  if (mkfifo (argv[1], 0600) == -1)
    {
      if (errno != EEXIST || stat (argv[1], &st) == -1
          || !S_ISFIFO (st.st_mode))
        {
          fprintf (stderr, "fserver: no FIFO at %s\n", argv[1]);
          return 1;
        }
    }
  fifo_to_remove = argv[1];
  signal (SIGTERM, on_sigterm);

  int fd = open (argv[1], O_RDONLY | O_NONBLOCK);
  int ep = epoll_create1 (0);
  /* Edge-triggered: the hang-up of the last writer is told once, not for ever.  */
  struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
  if (fd == -1 || ep == -1 || epoll_ctl (ep, EPOLL_CTL_ADD, fd, &ev) == -1)
    {
      perror ("fserver");
      return 1;
    }
  if (write (STDOUT_FILENO, "ready\n", 6) != 6)
    perror ("stdout");

  for (;;)
    {
      ssize_t n;
      if (epoll_wait (ep, &ev, 1, -1) == -1)
        {
          if (errno == EINTR)
            continue;
          return 1;
        }
      while ((n = read (fd, buf, sizeof buf)) > 0)
        feed (&c, buf, n);
      if (n == 0)
        c.len = 0;              /* all have gone: forget what is unfinished */
    }
}

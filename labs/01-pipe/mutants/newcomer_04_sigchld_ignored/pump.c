/* Two children: one for each side. The parent only waits. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned char byte;

static void die(const char *what)
{
  perror(what);
  _exit(1);
}

static void put(int fd, const byte *p, size_t n)
{
  while (n)
    {
      ssize_t w = write(fd, p, n);
      if (w == -1)
        die("pump: write");
      p += w;
      n -= w;
    }
}

static void reader(int *tube)
{
  byte b[1000];
  ssize_t n;
  close(tube[0]);
  while ((n = read(STDIN_FILENO, b, sizeof b)) > 0)
    put(tube[1], b, n);
  if (n == -1)
    die("pump: stdin");
  _exit(0);
}

static void writer(int *tube)
{
  byte b[1000];
  ssize_t n;
  close(tube[1]);
  while ((n = read(tube[0], b, sizeof b)) > 0)
    {
      for (byte *p = b; p < b + n; p++)
        if ('a' <= *p && *p <= 'z')
          *p -= 32;
      put(STDOUT_FILENO, b, n);
    }
  if (n == -1)
    die("pump: pipe");
  _exit(0);
}

int main(void)
{
  int tube[2], bad = 0, st;

  if (pipe(tube) == -1)
    die("pump: pipe");

  pid_t one = fork();
  if (one == -1)
    die("pump: fork");
  if (one == 0)
    reader(tube);

  pid_t two = fork();
  if (two == 0)
    writer(tube);
  if (two == -1)
    {
      perror("pump: fork");
      bad = 1;
    }
  close(tube[0]);
  close(tube[1]);

  while (wait(&st) > 0)
    if (st != 0)
      bad = 1;
  return bad;
}

/* counter N K, with flock.
  The lock file is opened before the first fork, and its name goes away at once.  */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most_processes = 64, most_times = 1000000, at_once = 1000 };

static int
failed (char const *what)
{
  fprintf (stderr, "counter: %s: %s\n", what, strerror (errno));
  return EXIT_FAILURE;
}

static int
parse (char const *s, int max)
{
  int n = 0;

  do
    {
      if (*s < '0' || *s > '9')
        return -1;
      n = 10 * n + (*s - '0');
      if (n > max)
        return -1;
    }
  while (*++s);
  return n;
}

static int
child (int fd, long *counter, int times)
{
  while (times > 0)
    {
      int n = times < at_once ? times : at_once;

      if (flock (fd, LOCK_EX) != 0)
        return EXIT_FAILURE;
      for (int i = 0; i < n; i++)
        ++*counter;
      if (flock (fd, LOCK_UN) != 0)
        return EXIT_FAILURE;
      times -= n;
    }
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  int processes, times;

  if (argc != 3
      || (processes = parse (argv[1], most_processes)) < 1
      || (times = parse (argv[2], most_times)) < 0)
    {
      fprintf (stderr, "usage: counter N K\n");
      return 2;
    }

  long *counter = mmap (NULL, sizeof *counter, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counter == MAP_FAILED)
    return failed ("mmap");

  char name[] = "/tmp/counter-XXXXXX";
  int fd = mkstemp (name);
  if (fd < 0)
    return failed ("mkstemp");
  int status = EXIT_SUCCESS;
  if (unlink (name) != 0)
    status = failed ("unlink");

  pid_t pid[most_processes];
  int children = 0;
  while (status == EXIT_SUCCESS && children < processes)
    {
      pid[children] = fork ();
      if (pid[children] == 0)
        _exit (child (fd, counter, times));
      if (pid[children] < 0)
        status = failed ("fork");
      else
        children++;
    }

  close (fd);

  for (int left = children; left > 0;)
    {
      if (status != EXIT_SUCCESS)
        for (int i = 0; i < children; i++)
          if (pid[i] != 0)
            kill (pid[i], SIGKILL);

      int how;
      pid_t who = wait (&how);
      if (who < 0)
        return failed ("wait");
      for (int i = 0; i < children; i++)
        if (pid[i] == who)
          {
            pid[i] = 0;
            left--;
            if (! (WIFEXITED (how) && WEXITSTATUS (how) == EXIT_SUCCESS))
              {
                fprintf (stderr, "counter: child %d did not succeed\n", i);
                status = EXIT_FAILURE;
              }
          }
    }

  if (status == EXIT_SUCCESS
      && (printf ("%ld\n", *counter) < 0 || fflush (stdout) != 0))
    status = failed ("stdout");
  return status;
}

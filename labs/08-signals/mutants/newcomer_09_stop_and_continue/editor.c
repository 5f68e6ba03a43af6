#define _GNU_SOURCE
#include "text.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;    /* protects everything below */
static struct text     doc;
static const char     *fileName;
static int             questionOpen;

static void quit (int status)
{
  fflush (stdout);
  _exit (status);
}

static void saveDoc (void)
{
  if (text_save (&doc, fileName) < 0)
    {
      perror (fileName);
      quit (1);
    }
}

static void *signalThread (void *arg)
{
  const sigset_t *set = arg;
  for (;;)
    {
      siginfo_t info;
      int sig = sigwaitinfo (set, &info);
      if (sig < 0)
        continue;               /* EINTR: stopped and continued */
      pthread_mutex_lock (&lock);
      switch (sig)
        {
        case SIGUSR1:
          printf ("lines %zu unsaved %zu\n", doc.lines, doc.unsaved);
          break;
        case SIGALRM:
          saveDoc ();
          printf ("autosaved\n");
          break;
        case SIGHUP:
          if (text_load (&doc, fileName) < 0)
            {
              perror (fileName);
              quit (1);
            }
          printf ("reloaded %zu\n", doc.lines);
          break;
        case SIGTERM:
          saveDoc ();
          quit (0);
          break;
        case SIGINT:
          if (questionOpen)
            quit (130);
          questionOpen = 1;
          printf ("save before exiting?\n");
          break;
        }
      fflush (stdout);
      pthread_mutex_unlock (&lock);
    }
  return NULL;
}

static void newLine (const char *s, size_t len)
{
  if (!questionOpen)
    {
      text_add (&doc, s, len);
      return;
    }
  questionOpen = 0;
  if (len == 1 && s[0] == 'y')
    {
      saveDoc ();
      quit (0);
    }
  if (len == 1 && s[0] == 'n')
    quit (0);
}

int main (int argc, char **argv)
{
  static char buf[2 * TEXT_MAX];
  size_t fill = 0;
  sigset_t set;
  pthread_t thread;

  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FILE\n", argv[0]);
      return 2;
    }
  fileName = argv[1];
  if (text_load (&doc, fileName) < 0)
    {
      perror (fileName);
      return 1;
    }
  sigemptyset (&set);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGHUP);
  sigaddset (&set, SIGALRM);
  sigaddset (&set, SIGUSR1);
  pthread_sigmask (SIG_BLOCK, &set, NULL);      /* the thread inherits it */
  signal (SIGPIPE, SIG_IGN);

  printf ("ready\n");
  fflush (stdout);
  if (pthread_create (&thread, NULL, signalThread, &set) != 0)
    {
      fprintf (stderr, "no thread\n");
      return 1;
    }

  for (;;)
    {
      ssize_t n = read (0, buf + fill, sizeof buf - fill);
      if (n < 0 && errno == EINTR)
        continue;
      pthread_mutex_lock (&lock);
      if (n <= 0)
        {
          if (fill > 0 && !questionOpen)
            newLine (buf, fill);
          saveDoc ();
          quit (0);
        }
      fill += (size_t) n;
      size_t start = 0;
      char *nl;
      while ((nl = memchr (buf + start, '\n', fill - start)) != NULL)
        {
          size_t at = (size_t) (nl - buf);
          newLine (buf + start, at - start);
          start = at + 1;
        }
      pthread_mutex_unlock (&lock);
      fill -= start;
      memmove (buf, buf + start, fill);
    }
}

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct { pid_t pid; int restarts; int lastOk; } Worker;

static Worker workers[32];
static int    count, alive, terminating, forkFailed;
static char **command;

static void terminateAll (void)
{
  terminating = 1;
  for (int i = 0; i < count; i++)
    if (workers[i].pid != 0)
      kill (workers[i].pid, SIGTERM);
}

static void child (void)
{
  sigset_t none;
  struct sigaction dfl;
  memset (&dfl, 0, sizeof dfl);
  dfl.sa_handler = SIG_DFL;
  for (int s = 1; s <= 31; s++)
    sigaction (s, &dfl, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  execvp (command[0], command);
  fprintf (stderr, "%s: %s\n", command[0], strerror (errno));
  _exit (127);
}

static void startWorker (Worker *w)
{
  pid_t pid = fork ();
  if (pid == 0)
    child ();
  if (pid < 0)
    {
      perror ("fork");
      forkFailed = 1;
      terminateAll ();
      return;
    }
  w->pid = pid;
  alive++;
  printf ("start %d %d\n", (int) (w - workers) + 1, (int) pid);
  fflush (stdout);
}

static void reapAll (void)
{
  for (;;)
    {
      siginfo_t info;
      info.si_pid = 0;
      if (waitid (P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
        return;
      for (Worker *w = workers; w < workers + count; w++)
        if (w->pid == info.si_pid)
          {
            int exited = info.si_code == CLD_EXITED;
            w->pid = 0;
            alive--;
            w->lastOk = exited && info.si_status == 0;
            printf ("%s %d %d\n", exited ? "exit" : "signal", (int) (w - workers) + 1, info.si_status);
            fflush (stdout);
            if (!w->lastOk && !terminating && w->restarts < 3)
              {
                w->restarts++;
                startWorker (w);
              }
            break;
          }
    }
}

int main (int argc, char **argv)
{
  sigset_t set;
  char extra;
  if (argc < 3 || strspn (argv[1], "0123456789") == 0 || strlen (argv[1]) > 4
      || sscanf (argv[1], "%d%c", &count, &extra) != 1 || count < 1 || count > 32)
    {
      fprintf (stderr, "usage: %s N CMD [ARG...]\n", argv[0]);
      return 2;
    }
  command = argv + 2;
  sigemptyset (&set);
  sigaddset (&set, SIGCHLD);
  sigaddset (&set, SIGTERM);
  sigprocmask (SIG_BLOCK, &set, NULL);
  signal (SIGCHLD, SIG_DFL);
  signal (SIGTERM, SIG_DFL);

  for (int i = 0; i < count && !terminating; i++)
    startWorker (&workers[i]);

  while (alive > 0)
    {
      int sig = sigwaitinfo (&set, NULL);
      if (sig < 0)
        {
          perror ("sigwaitinfo");
          return 1;
        }
      if (sig == SIGTERM)
        terminateAll ();
      if (sig == SIGCHLD)
        {
          sigset_t pending;     /* SIGTERM goes first, if both are there */
          sigpending (&pending);
          if (sigismember (&pending, SIGTERM))
            terminateAll ();
          reapAll ();
        }
    }
  if (forkFailed)
    return 1;
  if (terminating)
    return 0;
  for (int i = 0; i < count; i++)
    if (!workers[i].lastOk)
      return 1;
  return 0;
}

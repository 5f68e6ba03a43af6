// The handler does all the work; it runs only while main sits in read(), or between that and the next sigprocmask().
#define _GNU_SOURCE
#include "text.h"
#include <signal.h>
#include <stdio.h>

static struct text text;
static const char *path;
static int asked;          // main looks at it only while the signals are blocked
static sigset_t ours;

static void save(void) {
  if (text_save(&text, path) < 0) _exit(1);
}

static void on_signal(int sig) {
  int saved = errno;
  switch (sig) {
  case SIGUSR1:
    printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
    break;
  case SIGALRM:
    save();
    printf("autosaved\n");
    break;
  case SIGHUP:
    if (text_load(&text, path) < 0) _exit(1);
    printf("reloaded %zu\n", text.lines);
    break;
  case SIGTERM:
    save();
    _exit(0);
  case SIGINT:
    if (asked) _exit(130);
    asked = 1;
    printf("save before exiting?\n");
    break;
  }
  fflush(stdout);
  errno = saved;
}

static void take(const char *line, size_t n) {
  if (!asked) { text_add(&text, line, n); return; }
  asked = 0;
  if (n != 1) return;
  if (*line == 'y') save();
  if (*line == 'y' || *line == 'n') _exit(0);
}

int main(int argc, char **argv) {
  static char buf[4096];
  size_t have = 0;

  if (argc != 2) return 2;
  path = argv[1];
  if (text_load(&text, path) < 0) return 1;

  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGHUP);
  sigaddset(&ours, SIGALRM);
  sigaddset(&ours, SIGUSR1);
  struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  for (int s = 1; s < 32; s++)
    if (sigismember(&ours, s)) sigaction(s, &sa, NULL);
  signal(SIGPIPE, SIG_IGN);

  sigprocmask(SIG_BLOCK, &ours, NULL);
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    sigprocmask(SIG_UNBLOCK, &ours, NULL);
    ssize_t n = read(STDIN_FILENO, buf + have, sizeof buf - have);
    int error = errno;
    sigprocmask(SIG_BLOCK, &ours, NULL);
    if (n < 0 && error == EINTR) continue;
    if (n <= 0) {
      if (have > 0 && !asked) take(buf, have);
      save();
      return 0;
    }
    have += (size_t)n;
    size_t from = 0;
    for (size_t i = have - (size_t)n; i < have; i++)
      if (buf[i] == '\n') { take(buf + from, i - from); from = i + 1; }
    memmove(buf, buf + from, have -= from);
  }
}

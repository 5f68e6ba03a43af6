// The handler does all the work; it runs only while main sits in read(), or between that and the next sigprocmask().
#define _GNU_SOURCE
#include "text.h"
#include <signal.h>
#include <stddef.h>

static struct text text;
static const char *path;
static int asked;          // main looks at it only while the signals are blocked
static sigset_t ours;

static void put(const char *s, size_t n) {
  while (n > 0) {
    ssize_t w = write(STDOUT_FILENO, s, n);
    if (w < 0 && errno == EINTR) continue;
    if (w < 0) return;
    s += w; n -= (size_t)w;
  }
}

static char *add_text(char *to, const char *s) { while (*s) *to++ = *s++; return to; }

static char *add_number(char *to, size_t v) {
  char digits[24]; int n = 0;
  do digits[n++] = (char)('0' + v % 10); while ((v /= 10) > 0);
  while (n > 0) *to++ = digits[--n];
  return to;
}

static void save(void) {
  if (text_save(&text, path) < 0) _exit(1);
}

static void on_signal(int sig) {
  int saved = errno;
  char line[100], *end = line;
  switch (sig) {
  case SIGUSR1:
    end = add_number(add_text(end, "lines "), text.lines);
    end = add_number(add_text(end, " unsaved "), text.unsaved);
    break;
  case SIGALRM:
    save();
    end = add_text(end, "autosaved");
    break;
  case SIGHUP:
    if (text_load(&text, path) < 0) _exit(1);
    end = add_number(add_text(end, "reloaded "), text.lines);
    break;
  case SIGTERM:
    save();
    _exit(0);
  case SIGINT:
    if (asked) _exit(130);
    asked = 1;
    end = add_text(end, "save before exiting?");
    break;
  }
  *end++ = '\n';
  put(line, (size_t)(end - line));
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
  struct sigaction sa = {.sa_handler = on_signal, .sa_mask = ours, .sa_flags = SA_RESTART};
  for (int s = 1; s < 32; s++)
    if (sigismember(&ours, s)) sigaction(s, &sa, NULL);
  signal(SIGPIPE, SIG_IGN);

  sigprocmask(SIG_BLOCK, &ours, NULL);
  put("ready\n", 6);
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

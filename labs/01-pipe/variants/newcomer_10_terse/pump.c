#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#define MAX (32u << 20)
static int bad(const char *s) { perror(s); return 1; }
static int put(int fd, const char *s, size_t n) {
  for (ssize_t k; n; s += k, n -= k) if ((k = write(fd, s, n)) < 0) return 1;
  return 0;
}
static int ends(pid_t c) { int s; return waitpid(c, &s, 0) < 0 || s ? 1 : 0; }
static int writer(int in) { // collects, prints when the input has ended or the memory is full
  size_t n = 0, room = 0; ssize_t k; char *b = 0, *t; int r = 0;
  for (;;) {
    if (n == room) {
      if (room < MAX && (t = realloc(b, room ? 2 * room : 4096))) b = t, room = room ? 2 * room : 4096;
      else if (!room) return bad("realloc");
      else if (put(1, b, n)) { r = bad("stdout"); break; }
      else n = 0;
    }
    if ((k = read(in, b + n, room - n)) < 0) r = bad("pipe");
    if (k <= 0) { if (put(1, b, n)) r = bad("stdout"); break; }
    for (; k; k--, n++) if ((unsigned char)(b[n] - 'a') < 26) b[n] -= 32;
  }
  return free(b), r;
}
static int reader(void) {
  int p[2], r = 0; pid_t g; char b[3000]; ssize_t k;
  if (pipe(p)) return bad("pipe");
  if ((g = fork()) < 0) return bad("fork");
  if (!g) return close(p[1]), writer(p[0]);
  close(p[0]);
  while ((k = read(0, b, sizeof b)) > 0 && !(r = put(p[1], b, k)));
  if (k < 0) r = bad("stdin");
  if (r) fputs("pump: not all has been copied\n", stderr);
  close(p[1]);
  return ends(g) | r;
}
int main(void) {
  pid_t c;
  signal(SIGPIPE, SIG_IGN), signal(SIGCHLD, SIG_DFL);
  if ((c = fork()) < 0) return bad("fork");
  return c ? ends(c) : reader();
}

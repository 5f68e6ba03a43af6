#include "ask.h"
#include <sys/wait.h>
#include <unistd.h>
int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result) {
  int p[2], i, n = 0; char s[64]; uint64_t u = 0; pid_t c = -1;
  if (pipe(p)) return -1;
  if (!(c = fork())) {
    for (close(p[0]), u = f(x), i = 64; i--; u >>= 1) s[i] = '0' + (u & 1);
    _exit(write(p[1], s, 64) != 64);
  }
  close(p[1]);
  if (c > 0) while (n < 64 && (i = read(p[0], s + n, 64 - n)) > 0) n += i;
  close(p[0]);
  if (c > 0) waitpid(c, 0, 0);
  if (n < 64) return -1;
  for (i = 0; i < 64; i++) u = u << 1 | (s[i] & 1);
  return *result = u, 0;
}

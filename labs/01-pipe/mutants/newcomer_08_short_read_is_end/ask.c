#include "ask.h"
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

// sends the answer as 16 hex digits
int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result) {
  int ends[2];
  if (pipe(ends) == -1) return -1;

  pid_t pid = fork();
  if (pid == -1) {
    close(ends[0]);
    close(ends[1]);
    return -1;
  }

  char digits[17] = {0};

  if (pid == 0) {
    close(ends[0]);
    uint64_t u = (uint64_t)f(x);
    for (int i = 15; i >= 0; i--, u >>= 4) digits[i] = "0123456789abcdef"[u & 15];
    int off = 0;
    while (off < 16) {
      int w = write(ends[1], digits + off, 16 - off);
      if (w <= 0) _exit(1);
      off += w;
    }
    _exit(0);
  }

  close(ends[1]);
  int off = 0, r;
  while (off < 16 && (r = read(ends[0], digits + off, 16 - off)) > 0) off += r;
  close(ends[0]);
  waitpid(pid, NULL, 0);
  if (off != 16) return -1;

  uint64_t u = 0;
  for (int i = 0; i < 16; i++) {
    char d = digits[i];
    u = u << 4 | (uint64_t)(d <= '9' ? d - '0' : d - 'a' + 10);
  }
  *result = (int64_t)u;
  return 0;
}

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK 4096

static bool put(int fd, const char *p, ssize_t n) {
  while (n > 0) {
    ssize_t w = write(fd, p, n);
    if (w == -1) return false;
    p += w;
    n -= w;
  }
  return true;
}

// stdin -> pipe, block by block; the last block is the one that is not full
static bool read_input(int out) {
  char block[BLOCK];
  ssize_t n;
  do {
    n = read(STDIN_FILENO, block, BLOCK);
    if (n == -1) {
      perror("pump: read");
      return false;
    }
    if (!put(out, block, n)) {
      perror("pump: pipe");
      return false;
    }
  } while (n == BLOCK);
  return true;
}

// pipe -> stdout
static bool write_output(int in) {
  char block[BLOCK];
  ssize_t n;
  while ((n = read(in, block, BLOCK)) != 0) {
    if (n == -1) {
      perror("pump: pipe");
      return false;
    }
    for (ssize_t i = 0; i < n; i++)
      block[i] = (block[i] >= 'a' && block[i] <= 'z') ? block[i] & ~0x20 : block[i];
    if (!put(STDOUT_FILENO, block, n)) {
      perror("pump: write");
      return false;
    }
  }
  return true;
}

int main(void) {
  int ends[2];
  signal(SIGPIPE, SIG_IGN);
  if (pipe(ends) == -1) {
    perror("pump: pipe");
    return 1;
  }
  pid_t pid = fork();
  if (pid == -1) {
    perror("pump: fork");
    return 1;
  }
  if (pid == 0) {
    close(ends[1]);
    _exit(!write_output(ends[0]));
  }
  close(ends[0]);
  bool good = read_input(ends[1]);
  close(ends[1]);
  int status = -1;
  waitpid(pid, &status, 0);
  return good && status == 0 ? 0 : 1;
}

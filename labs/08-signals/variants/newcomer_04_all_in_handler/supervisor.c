// SIGTERM is served wholly by its handler. It is blocked all the time, except while main waits in waitid(), which
// only looks (WNOWAIT): so no pid in the table is ever that of a process that has been reaped already.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX 32
static pid_t pid_of[MAX];
static int failed[MAX], ok[MAX];
static int n, running, no_more, fork_failed;
static char **cmd;
static sigset_t term;

static void terminate_all(void) {
  no_more = 1;
  for (int i = 0; i < n; i++)
    if (pid_of[i] > 0) kill(pid_of[i], SIGTERM);
}

static void on_term(int sig) {
  int saved = errno;
  (void)sig;
  terminate_all();
  errno = saved;
}

static void start(int i) {
  pid_t p = fork();
  if (p == 0) {
    for (int s = 1; s <= 31; s++) signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(cmd[0], cmd);
    perror(cmd[0]);
    _exit(127);
  }
  if (p < 0) {
    perror("fork");
    fork_failed = 1;
    terminate_all();
    return;
  }
  pid_of[i] = p;
  running++;
  printf("start %d %d\n", i + 1, (int)p);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc >= 3)
    for (const char *c = argv[1]; *c; c++) {
      if (*c < '0' || *c > '9' || n > MAX) { n = 0; break; }
      n = 10 * n + (*c - '0');
    }
  if (n < 1 || n > MAX) {
    fprintf(stderr, "usage: %s N CMD [ARG...]   (1 <= N <= %d)\n", argv[0], MAX);
    return 2;
  }
  cmd = argv + 2;

  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, NULL);
  signal(SIGTERM, on_term);
  signal(SIGCHLD, SIG_DFL);

  for (int i = 0; i < n && !no_more; i++) start(i);
  while (running > 0) {
    siginfo_t info;
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    int r = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    sigprocmask(SIG_BLOCK, &term, NULL);
    if (r < 0) continue;

    int status, i;
    pid_t p = wait(&status); // there is one, so it does not wait
    for (i = 0; i < n && pid_of[i] != p; i++) ;
    if (i == n) continue;
    pid_of[i] = 0;
    running--;
    ok[i] = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    printf(WIFEXITED(status) ? "exit %d %d\n" : "signal %d %d\n", i + 1,
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    fflush(stdout);
    if (!ok[i] && ++failed[i] < 4 && !no_more) start(i);
  }
  if (fork_failed) return 1;
  if (no_more) return 0;
  for (int i = 0; i < n; i++)
    if (!ok[i]) return 1;
  return 0;
}

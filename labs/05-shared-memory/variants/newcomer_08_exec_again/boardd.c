#define _GNU_SOURCE
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int nothing;

static void
on_signal(int number)
{
  const int saved = errno;
  (void)number;
  dup2(nothing, STDIN_FILENO);
  errno = saved;
}

static int
end_input_on_signals(void)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
  nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
    return -1;
  return 0;
}

/* ------------------------------------------------------------------------
 * What exists, and who has to clear it away: only the process that made it.
 */
static struct
{
  pid_t owner;
  struct board *board;
  size_t size;
  int segment;
  bool has_segment;
  const char *object;
} the;

static void
clear_away(void)
{
  if (getpid() != the.owner)
    return;
  if (the.board)
    {
      if (the.object)
        munmap(the.board, the.size);
      else
        shmdt(the.board);
    }
  if (the.has_segment)
    shmctl(the.segment, IPC_RMID, NULL);
  if (the.object)
    shm_unlink(the.object);
}

__attribute__((noreturn)) static void
die(const char *what)
{
  fprintf(stderr, "boardd: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* ------------------------------------------------------------------------ */

static void *
at(uint32_t offset)
{
  return (char *)the.board + offset;
}

static bool
add(const char *text, size_t len)
{
  struct note *last = the.board->tail ? at(the.board->tail) : NULL;
  const uint32_t offset = last ? the.board->tail + (uint32_t)note_size(last->len) : (uint32_t)sizeof(struct board);
  if (note_size(len) > the.board->size - offset)
    return false;
  struct note *note = at(offset);
  note->next = 0;
  note->len = (uint32_t)len;
  memcpy(note->text, text, len);
  if (last)
    last->next = offset;
  else
    the.board->head = offset;
  the.board->tail = offset;
  the.board->count++;
  return true;
}

static void
answer(const char *text)
{
  while (write(STDOUT_FILENO, text, strlen(text)) < 0 && errno == EINTR)
    ;
}

/* A line that is larger than the board is thrown away as it comes: so much memory is enough. */
static void
serve(void)
{
  const size_t limit = the.size;
  char *line = malloc(limit + 1);
  char chunk[8192];
  size_t len = 0;
  bool begun = false;
  ssize_t got;

  if (!line)
    die("malloc");
  answer("ready\n");
  while ((got = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
    {
      const char *p = chunk, *const end = chunk + got;
      while (p < end)
        {
          const char *nl = memchr(p, '\n', (size_t)(end - p));
          const size_t piece = (size_t)((nl ? nl : end) - p);
          if (len + piece <= limit)
            memcpy(line + len, p, piece), len += piece;
          else
            len = limit + 1; /* too long; stays so till the newline */
          begun = true;
          if (!nl)
            break;
          answer(len <= limit && add(line, len) ? "ok\n" : "full\n");
          len = 0;
          begun = false;
          p = nl + 1;
        }
    }
  if (begun)
    answer(len <= limit && add(line, len) ? "ok\n" : "full\n");
  free(line);
}

static void
begin(void)
{
  the.board->size = (uint32_t)the.size;
  the.board->count = the.board->head = the.board->tail = 0;
}

/* Room in the address space, found and given back: there the segment goes. Should somebody have taken it
 * meanwhile, the kernel may choose. */
static struct board *
attach(void)
{
  const size_t room = the.size + 65536;
  void *free_place = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (free_place != MAP_FAILED)
    {
      munmap(free_place, room);
      void *there = shmat(the.segment, free_place, SHM_RND);
      if (there != (void *)-1)
        return there;
    }
  void *there = shmat(the.segment, NULL, 0);
  if (there == (void *)-1)
    die("shmat");
  return there;
}

static int
serve_segment(const char *path, int id, int mode)
{
  const key_t key = ftok(path, id);
  if (key == -1)
    die(path);
  the.segment = shmget(key, the.size, IPC_CREAT | IPC_EXCL | mode);
  if (the.segment == -1)
    die("shmget");
  the.has_segment = true;
  the.board = attach();
  begin();
  serve();
  return 0;
}

static int
serve_object(const char *name, int mode)
{
  const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd == -1)
    die("shm_open");
  the.object = name;
  if (ftruncate(fd, (off_t)the.size))
    die("ftruncate");
  void *map = mmap(NULL, the.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED)
    die("mmap");
  the.board = map;
  begin();
  if (fchmod(fd, (mode_t)mode))
    die("fchmod");
  close(fd);
  serve();
  return 0;
}

/* The second boardd: BOARDD_CHILD=segment:descriptor in its environment. */
static int
be_the_child(const char *what)
{
  int segment, fd;
  char c;
  if (sscanf(what, "%d:%d", &segment, &fd) != 2)
    return 1;
  the.board = shmat(segment, NULL, SHM_RDONLY);
  if (the.board == (void *)-1)
    die("shmat");
  ssize_t r;
  while ((r = read(fd, &c, 1)) < 0 && errno == EINTR)
    ;
  if (r == 0)
    for (uint32_t o = the.board->head; o;)
      {
        const struct note *n = at(o);
        fwrite(n->text, 1, n->len, stdout);
        putchar('\n');
        o = n->next;
      }
  fflush(stdout);
  shmdt(the.board);
  return r != 0;
}

static int
serve_family(void)
{
  int p[2], how;
  the.segment = shmget(IPC_PRIVATE, the.size, 0600);
  if (the.segment == -1)
    die("shmget");
  the.has_segment = true;
  the.board = attach();
  begin();
  if (pipe2(p, O_CLOEXEC))
    die("pipe2");
  char what[64];
  snprintf(what, sizeof what, "%d:%d", the.segment, p[0]);
  char self[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n < 0)
    die("/proc/self/exe");
  self[n] = '\0';
  const pid_t child = fork();
  if (child == -1)
    die("fork");
  if (child == 0)
    {
      fcntl(p[0], F_SETFD, 0); /* this one it shall keep; the write end goes by O_CLOEXEC */
      setenv("BOARDD_CHILD", what, 1);
      signal(SIGINT, SIG_IGN); /* an exec takes handlers away, but not this */
      signal(SIGTERM, SIG_IGN);
      execl(self, "boardd", (char *)NULL);
      _exit(127);
    }
  close(p[0]);
  serve();
  close(p[1]);
  return waitpid(child, &how, 0) != child || how != 0;
}

int
main(int argc, char **argv)
{
  const char *child = getenv("BOARDD_CHILD");
  if (argc == 1 && child)
    return be_the_child(child);

  const bool object = argc == 5 && strcmp(argv[1], "-m") == 0;
  const bool family = argc == 3 && strcmp(argv[1], "-f") == 0;
  if (argc != 5 && !family)
    {
      fprintf(stderr, "usage: boardd PATH ID SIZE MODE | boardd -m NAME SIZE MODE | boardd -f SIZE\n");
      return 2;
    }
  the.size = strtoul(argv[family ? 2 : 3], NULL, 10);
  the.owner = getpid();
  if (end_input_on_signals() < 0 || atexit(clear_away))
    die("start");
  errno = EINVAL;
  if (the.size < sizeof(struct board))
    die("SIZE");
  if (family)
    return serve_family();
  const int mode = (int)strtoul(argv[4], NULL, 8);
  return object ? serve_object(argv[2], mode) : serve_segment(argv[1], atoi(argv[2]), mode);
}

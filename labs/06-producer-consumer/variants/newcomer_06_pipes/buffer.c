/* Pipes only, no shared memory at all: who has read a message has what it says, until he writes it back.
 * bounded:   slots = cap bytes, items = the items themselves, then one {END} for ever, state = producers left
 * unbounded: state = all there is to know (and the lock), wake = a byte for each sleeper, items in a memfd */
#define _GNU_SOURCE
#include "buffer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
enum { R, W, PAGE = 4096 };
struct msg { int64_t item, end; };
struct state { uint64_t in, out; int64_t left, asleep; };
struct bb { int slots[2], items[2], state[2], fd; size_t cap; };

static int take(int p[2], void *m, size_t n) { return read(p[R], m, n) == (ssize_t)n ? 0 : -1; }
static int give(int p[2], const void *m, size_t n) { return write(p[W], m, n) == (ssize_t)n ? 0 : -1; }

/* a page that has been read in part is not written to again: one more than needed */
static int room(int p[2], size_t bytes) {
  int want = (int)(bytes / PAGE + 2) * PAGE, have = fcntl(p[W], F_GETPIPE_SZ);
  return have >= want || fcntl(p[W], F_SETPIPE_SZ, want) >= want ? 0 : -1;
}

bb *bb_create(size_t cap, int producers) {
  if (producers < 1) { errno = EINVAL; return NULL; }
  if (cap > 65000) { errno = ENOMEM; return NULL; }
  bb *b = malloc(sizeof *b);
  if (!b) return NULL;
  *b = (bb){{-1, -1}, {-1, -1}, {-1, -1}, -1, cap};
  struct state s = {0, 0, producers, 0};
  if (pipe(b->items) || pipe(b->state) || give(b->state, &s, sizeof s)) goto bad;
  if (cap) {
    if (pipe(b->slots) || room(b->slots, cap) || room(b->items, (cap + 1) * sizeof(struct msg))) goto bad;
    for (size_t i = 0; i < cap; i++) if (give(b->slots, "", 1)) goto bad;
  } else if ((b->fd = memfd_create("bb", 0)) < 0) goto bad;
  return b;
bad:;
  int e = errno;
  bb_destroy(b);
  errno = e;
  return NULL;
}

int bb_put(bb *b, int64_t item) {
  char c;
  struct state s;
  if (b->cap) {
    struct msg m = {item, 0};
    return take(b->slots, &c, 1) || give(b->items, &m, sizeof m) ? -1 : 0;
  }
  if (take(b->state, &s, sizeof s)) return -1;
  int r = s.in < 30000000 && pwrite(b->fd, &item, sizeof item, s.in * sizeof item) == sizeof item ? 0 : -1;
  if (!r) {
    s.in++;
    if (s.asleep) s.asleep--, r = give(b->items, "", 1);
  }
  return give(b->state, &s, sizeof s) ? -1 : r;
}

int bb_get(bb *b, int64_t *item) {
  char c;
  struct state s;
  struct msg m;
  if (b->cap) {
    if (take(b->items, &m, sizeof m)) return -1;
    if (m.end) return give(b->items, &m, sizeof m);
    if (give(b->slots, "", 1)) return -1;
    *item = m.item;
    return 1;
  }
  for (;;) {
    if (take(b->state, &s, sizeof s)) return -1;
    if (s.in > s.out || !s.left) break;
    s.asleep++;
    if (give(b->state, &s, sizeof s) || take(b->items, &c, 1)) return -1;
  }
  int r = s.in > s.out;
  if (r && pread(b->fd, &m.item, sizeof m.item, s.out * sizeof m.item) != sizeof m.item) r = -1;
  if (r > 0 && ++s.out == s.in) s.in = s.out = 0;
  if (give(b->state, &s, sizeof s)) return -1;
  if (r > 0) *item = m.item;
  return r;
}

int bb_done(bb *b) {
  struct state s;
  struct msg end = {0, 1};
  int r = 0;
  if (take(b->state, &s, sizeof s)) return -1;
  if (!--s.left) {
    if (b->cap) r = give(b->items, &end, sizeof end);
    else for (; s.asleep; s.asleep--) if (give(b->items, "", 1)) r = -1;
  }
  return give(b->state, &s, sizeof s) ? -1 : r;
}

int bb_destroy(bb *b) {
  int fds[] = {b->slots[R], b->slots[W], b->items[R], b->items[W], b->state[R], b->state[W], b->fd};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) if (fds[i] >= 0) close(fds[i]);
  free(b);
  return 0;
}

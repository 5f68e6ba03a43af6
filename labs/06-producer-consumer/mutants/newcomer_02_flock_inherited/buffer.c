/* Bounded: two System V message queues, and nothing else.

     ITEMS   a message of type ITEM for each item; after the last bb_done, one of type END.  Type ITEM is less than END,
             and msgrcv with -END takes the lowest type there is, so the end is seen only when no item is left.
     SLOTS   a message of type SLOT for each free slot, and one of type LEFT, with the number of producers.

   Unbounded: queues hold 16 KiB, so the items are in shared memory, and SLOTS has one message of type LOCK in their
   place.  Who sleeps is woken by a message of type WAKE.  */

#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>

enum { ITEM = 1, END = 2 };
enum { SLOT = 1, LEFT, LOCK, WAKE };

#define ROOM ((size_t) 1 << 24)

struct message
{
  long type;
  int64_t value;
};

struct shared
{
  size_t in, out;
  int sleepers;
  int producers;
  int64_t item[];
};

#define SHARED_BYTES (sizeof (struct shared) + ROOM * sizeof (int64_t))

struct bb
{
  int items, slots;
  struct shared *shared;	/* only if unbounded */
};

static int
put_message (int queue, long type, int64_t value)
{
  struct message m = { type, value };
  return msgsnd (queue, &m, sizeof m.value, 0);
}

static int
get_message (int queue, long type, struct message *m)
{
  return msgrcv (queue, m, sizeof m->value, type, 0) == sizeof m->value ? 0 : -1;
}

static int
lock (bb *b)
{
  struct message m;
  return get_message (b->slots, LOCK, &m);
}

static int
unlock (bb *b)
{
  return put_message (b->slots, LOCK, 0);
}

/* Do COUNT messages fit into QUEUE?  */
static int
has_room (int queue, size_t count)
{
  struct msqid_ds ds;
  if (msgctl (queue, IPC_STAT, &ds) != 0)
    return 0;
  errno = ENOSPC;
  return count <= ds.msg_qbytes / sizeof (int64_t);
}

bb *
bb_create (size_t cap, int producers)
{
  int saved;

  if (producers < 1)
    {
      errno = EINVAL;
      return NULL;
    }
  bb *b = malloc (sizeof *b);
  if (b == NULL)
    return NULL;
  b->shared = MAP_FAILED;
  b->items = msgget (IPC_PRIVATE, IPC_CREAT | 0600);
  b->slots = msgget (IPC_PRIVATE, IPC_CREAT | 0600);
  if (b->items < 0 || b->slots < 0)
    goto fail;

  if (cap == 0)
    {
      b->shared = mmap (NULL, SHARED_BYTES, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (b->shared == MAP_FAILED)
        goto fail;
      b->shared->producers = producers;
      if (unlock (b) != 0)
        goto fail;
    }
  else
    {
      if (cap > 1000000 || !has_room (b->items, cap + 1) || !has_room (b->slots, cap + 1))
        goto fail;
      if (put_message (b->slots, LEFT, producers) != 0)
        goto fail;
      while (cap-- > 0)
        if (put_message (b->slots, SLOT, 0) != 0)
          goto fail;
    }
  return b;

fail:
  saved = errno;
  if (b->items >= 0)
    msgctl (b->items, IPC_RMID, NULL);
  if (b->slots >= 0)
    msgctl (b->slots, IPC_RMID, NULL);
  if (b->shared != MAP_FAILED)
    munmap (b->shared, SHARED_BYTES);
  free (b);
  errno = saved;
  return NULL;
}

int
bb_put (bb *b, int64_t item)
{
  struct message m;
  struct shared *s = b->shared;

  if (s == MAP_FAILED)
    {
      if (get_message (b->slots, SLOT, &m) != 0)
        return -1;
      return put_message (b->items, ITEM, item);
    }

  if (lock (b) != 0)
    return -1;
  if (s->in == s->out)
    s->in = s->out = 0;
  if (s->in == ROOM)
    {
      unlock (b);
      errno = ENOMEM;
      return -1;
    }
  s->item[s->in++] = item;
  int result = 0;
  if (s->sleepers > 0)
    {
      s->sleepers--;
      result = put_message (b->items, WAKE, 0);
    }
  return unlock (b) == 0 ? result : -1;
}

int
bb_get (bb *b, int64_t *item)
{
  struct message m;
  struct shared *s = b->shared;

  if (s == MAP_FAILED)
    {
      if (get_message (b->items, -END, &m) != 0)
        return -1;
      if (m.type == END)
        return put_message (b->items, END, 0);
      if (put_message (b->slots, SLOT, 0) != 0)
        return -1;
      *item = m.value;
      return 1;
    }

  if (lock (b) != 0)
    return -1;
  while (s->in == s->out && s->producers > 0)
    {
      s->sleepers++;
      if (unlock (b) != 0 || get_message (b->items, WAKE, &m) != 0 || lock (b) != 0)
        return -1;
    }
  int result = s->in != s->out;
  int64_t value = result ? s->item[s->out++] : 0;
  if (unlock (b) != 0)
    return -1;
  if (result)
    *item = value;
  return result;
}

int
bb_done (bb *b)
{
  struct message m;
  struct shared *s = b->shared;
  int result = 0;

  if (s == MAP_FAILED)
    {
      if (get_message (b->slots, LEFT, &m) != 0)
        return -1;
      if (--m.value == 0)
        result = put_message (b->items, END, 0);
      return put_message (b->slots, LEFT, m.value) == 0 ? result : -1;
    }

  if (lock (b) != 0)
    return -1;
  if (--s->producers == 0)
    for (; s->sleepers > 0; s->sleepers--)
      if (put_message (b->items, WAKE, 0) != 0)
        result = -1;
  return unlock (b) == 0 ? result : -1;
}

int
bb_destroy (bb *b)
{
  int result = 0;

  if (msgctl (b->items, IPC_RMID, NULL) != 0)
    result = -1;
  if (msgctl (b->slots, IPC_RMID, NULL) != 0)
    result = -1;
  if (b->shared != MAP_FAILED && munmap (b->shared, SHARED_BYTES) != 0)
    result = -1;
  free (b);
  return result;
}

#ifndef LAYOUT_H
#define LAYOUT_H
#include "mailbox.h"
#include <semaphore.h>

enum { MEET = 64 };       /* senders that can be in a rendezvous at once */
enum { DM_SLOTS = 16 };

struct slot {
  pid_t pid;
  int ack;                /* which semaphore its sender waits for */
  size_t len;
  char text[MB_MAX];
};

struct box {
  int cap;                /* 0: rendezvous */
  int slots;
  size_t max;
  sem_t lock, room, items;
  unsigned head, tail;
  sem_t acked[MEET];
  char busy[MEET];
  struct slot ring[];
};

struct dmslot {
  unsigned long age;      /* 0: free */
  pid_t pid;
  size_t len;
  char text[MB_MAX];
};

struct dmbox {
  sem_t lock, room, bell;
  unsigned long clock;
  struct dmslot s[DM_SLOTS];
};
#endif

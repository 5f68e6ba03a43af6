/* A ring of messages in shared memory, with a futex lock and two futex "something has changed" counters. */
#ifndef RING_H
#define RING_H

#include "mailbox.h"

#include <stdint.h>

#define RING_MAGIC 0x6d623037u

typedef struct ring_item {
    uint64_t used;      /* dm only: 0 when this one has been taken out of the middle */
    pid_t    pid;
    uint32_t len;
    char     text[MB_MAX];
} ring_item;

typedef struct ring {
    uint32_t  magic;
    int32_t   cap;      /* as given to mb_create */
    uint64_t  max;
    uint32_t  lock;     /* 0 free, 1 taken, 2 taken and somebody waits */
    uint32_t  put_seq;  /* changes with each message put in */
    uint32_t  get_seq;  /* changes with each message taken out */
    uint32_t  pad;
    uint64_t  slots;    /* of the ring */
    uint64_t  head;     /* number of the oldest message */
    uint64_t  tail;     /* number of the next message */
    ring_item item[];
} ring;

#endif

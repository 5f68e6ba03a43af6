#ifndef SEMTIME_H
#define SEMTIME_H
#include <errno.h>
#include <semaphore.h>
#include <time.h>

/* An instant in the future (CLOCK_REALTIME), as sem_timedwait wants it. */
static inline struct timespec st_deadline(int ms)
{
  struct timespec t;

  clock_gettime(CLOCK_REALTIME, &t);
  long ns = t.tv_nsec + (ms % 1000) * 1000000L;
  t.tv_sec += ms / 1000 + ns / 1000000000L;
  t.tv_nsec = ns % 1000000000L;
  return t;
}

/* sem_wait, sem_trywait or sem_timedwait, as ms says. `t` is used for ms > 0 only. */
static inline int st_wait(sem_t *s, int ms, const struct timespec *t)
{
  if (ms < 0)
    return sem_wait(s);
  if (ms == 0)
    return sem_trywait(s);
  return sem_timedwait(s, t);
}
#endif

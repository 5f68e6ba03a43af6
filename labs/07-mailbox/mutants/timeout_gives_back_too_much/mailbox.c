#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MANY 4000

/* ---- a ring in shared memory ------------------------------------------------------------------------------ */

struct slot {
    sem_t taken; /* rendezvous: its message has been received */
    pid_t from;
    size_t n;
    char bytes[MB_MAX];
};

struct ring {
    sem_t ready; /* made completely */
    sem_t lock;  /* in, out, slots */
    sem_t places, messages;
    int cap;
    size_t max, slots, in, out;
    struct slot slot[];
};

struct mb {
    struct ring *r;
    size_t size;
};

static const char *path_of(const char *name, char *path)
{
    sprintf(path, "/ring-%s", name);
    return path;
}

int mb_create(const char *name, int cap, size_t max)
{
    char path[64];
    if (cap < -1 || cap > 10 || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    const size_t slots = cap < 0 ? MANY : cap == 0 ? 1 : (size_t)cap;
    const size_t size = sizeof(struct ring) + slots * sizeof(struct slot);
    int fd = shm_open(path_of(name, path), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return -1;
    struct ring *r = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0)
        r = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (r == MAP_FAILED) {
        shm_unlink(path);
        return -1;
    }
    sem_init(&r->lock, 1, 1);
    sem_init(&r->places, 1, (unsigned)slots);
    sem_init(&r->messages, 1, 0);
    for (size_t i = 0; cap == 0 && i < slots; i++)
        sem_init(&r->slot[i].taken, 1, 0);
    r->cap = cap;
    r->max = max;
    r->slots = slots;
    munmap(r, size);
    return 0;
}

mb *mb_open(const char *name)
{
    char path[64];
    struct stat s;
    mb *m = malloc(sizeof *m);
    int fd = shm_open(path_of(name, path), O_RDWR, 0);
    if (fd < 0 || m == NULL || fstat(fd, &s) < 0)
        goto failed;
    m->size = (size_t)s.st_size;
    m->r = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (m->r == MAP_FAILED)
        goto failed;
    close(fd);
    return m;
failed:;
    int e = errno;
    if (fd >= 0)
        close(fd);
    free(m);
    errno = e;
    return NULL;
}

int mb_close(mb *m)
{
    munmap(m->r, m->size);
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char path[64];
    return shm_unlink(path_of(name, path));
}

static struct timespec until(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    long long ns = t.tv_nsec + ms * 1000000LL;
    t.tv_sec += ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    return t;
}

static int down(sem_t *s, int ms)
{
    if (ms < 0)
        return sem_wait(s);
    if (ms == 0)
        return sem_trywait(s);
    struct timespec t = until(ms);
    return sem_timedwait(s, &t);
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    struct ring *r = m->r;
    if (n > r->max) {
        errno = EMSGSIZE;
        return -1;
    }
    if (down(&r->places, ms) < 0)
        return -1;
    sem_wait(&r->lock);
    struct slot *s = &r->slot[r->in++ % r->slots];
    s->from = getpid();
    s->n = n;
    memcpy(s->bytes, data, n);
    sem_post(&r->lock);
    sem_post(&r->messages);
    if (r->cap == 0) {
        sem_wait(&s->taken);   /* who sends has the only slot until now */
        sem_post(&r->places);
    }
    return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    struct ring *r = m->r;
    if (size < r->max) {
        errno = EMSGSIZE;
        return -1;
    }
    if (down(&r->messages, ms) < 0) {
        if (errno == ETIMEDOUT)
            sem_post(r->cap == 0 ? &r->slot[0].taken : &r->places);
        return -1;
    }
    sem_wait(&r->lock);
    struct slot *s = &r->slot[r->out++ % r->slots];
    if (from)
        *from = s->from;
    ssize_t n = (ssize_t)s->n;
    memcpy(data, s->bytes, s->n);
    sem_post(&r->lock);
    sem_post(r->cap == 0 ? &s->taken : &r->places);
    return n;
}

/* ---- queues of processes -------------------------------------------------------------------------------------- */

typedef struct Note {
    pid_t von;
    char text[MB_MAX];
} Note;

typedef struct Zettel {
    struct Zettel *weiter;
    ssize_t laenge;
    Note note;
} Zettel;

static mqd_t meine = -1;
static pid_t ich;
static Zettel *liste;

static const char *briefkasten(pid_t pid, char *path)
{
    sprintf(path, "/direct-%d", (int)pid);
    return path;
}

static void weg(void)
{
    char path[64];
    if (ich == getpid())
        mq_unlink(briefkasten(ich, path));
}

int dm_open(void)
{
    char path[64];
    struct mq_attr a = {.mq_maxmsg = 10, .mq_msgsize = sizeof(Note)};
    mq_unlink(briefkasten(getpid(), path));
    meine = mq_open(path, O_RDWR | O_CREAT | O_EXCL, 0600, &a);
    if (meine < 0)
        return -1;
    ich = getpid();
    liste = NULL;
    return atexit(weg);
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    char path[64];
    Note note = {.von = getpid()};
    if (n > MB_MAX)
        return errno = EMSGSIZE, -1;
    mqd_t q = mq_open(briefkasten(to, path), O_WRONLY);
    if (q < 0)
        return -1;
    memcpy(note.text, data, n);
    struct timespec t = until(ms < 0 ? 0 : ms);
    int r = ms < 0 ? mq_send(q, (char *)&note, offsetof(Note, text) + n, 5)
                   : mq_timedsend(q, (char *)&note, offsetof(Note, text) + n, 5, &t);
    int e = errno;
    mq_close(q);
    errno = e == ETIMEDOUT && ms == 0 ? EAGAIN : e;
    return r;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    struct timespec t = until(ms < 0 ? 0 : ms);
    Zettel **z = &liste, *neu;
    if (size < MB_MAX)
        return errno = EMSGSIZE, -1;
    for (;;) {
        for (; *z; z = &(*z)->weiter)
            if (!from || (*z)->note.von == from) {
                Zettel *da = *z;
                ssize_t n = da->laenge - (ssize_t)offsetof(Note, text);
                *z = da->weiter;
                memcpy(data, da->note.text, (size_t)n);
                if (who)
                    *who = da->note.von;
                free(da);
                return n;
            }
        neu = calloc(1, sizeof *neu);
        neu->laenge = ms < 0 ? mq_receive(meine, (char *)&neu->note, sizeof neu->note, NULL)
                             : mq_timedreceive(meine, (char *)&neu->note, sizeof neu->note, NULL, &t);
        if (neu->laenge < 0) {
            int e = errno;
            free(neu);
            errno = e == ETIMEDOUT && ms == 0 ? EAGAIN : e;
            return -1;
        }
        *z = neu;
    }
}

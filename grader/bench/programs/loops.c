/* The loops by which weave is measured: two workers, which are processes, or threads with -DTHREADS. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, SWEPT = 1 << 20, SIDE = 160 };

struct shared {
    sem_t semaphore;
    pthread_mutex_t mutex;
    long count;
    int swept[SWEPT];
};
static struct shared *s;
static long times;

static void counter(void)
{
    for (long i = 0; i < times; i++)
        (*(volatile long *)&s->count)++;
}

static void under_semaphore(void)
{
    for (long i = 0; i < times; i++) {
        sem_wait(&s->semaphore);
        s->count++;
        sem_post(&s->semaphore);
    }
}

static void under_mutex(void)
{
    for (long i = 0; i < times; i++) {
        pthread_mutex_lock(&s->mutex);
        s->count++;
        pthread_mutex_unlock(&s->mutex);
    }
}

static void sweep(void)
{
    long sum = 0;
    for (long i = 0; i < times; i++)
        for (int k = 0; k < SWEPT; k++)
            sum += s->swept[k];
    if (sum != 0)
        abort();
}

static void matrix(void)
{
    double *a = malloc(3 * SIDE * SIDE * sizeof *a), *b = a + SIDE * SIDE, *c = b + SIDE * SIDE;
    for (int i = 0; i < SIDE * SIDE; i++)
        a[i] = b[i] = i % 7;
    for (long n = 0; n < times; n++)
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                double sum = 0;
                for (int k = 0; k < SIDE; k++)
                    sum += a[i * SIDE + k] * b[k * SIDE + j];
                c[i * SIDE + j] = sum;
            }
    if (c[1] < 0)
        abort();
    free(a);
}

static const struct {
    const char *name;
    void (*run)(void);
} loops[] = {
    {"counter", counter}, {"semaphore", under_semaphore}, {"mutex", under_mutex}, {"sweep", sweep}, {"matrix", matrix},
};

static void prepare(void)
{
    pthread_mutexattr_t shared;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        exit(1);
    sem_init(&s->semaphore, 1, 1);
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->mutex, &shared);
}

#ifdef THREADS
static void *thread(void *run)
{
    (*(void (**)(void))run)();
    return NULL;
}

static void work(void (*run)(void))
{
    pthread_t t[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&t[i], NULL, thread, &run) != 0)
            exit(1);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(t[i], NULL);
}
#else
static void work(void (*run)(void))
{
    for (int i = 0; i < WORKERS; i++) {
        pid_t pid = fork();
        if (pid < 0)
            exit(1);
        if (pid == 0) {
            run();
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
}
#endif

int main(int argc, char **argv)
{
    if (argc != 3 || (times = atol(argv[2])) < 1)
        return 2;
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++)
        if (strcmp(loops[i].name, argv[1]) == 0) {
            prepare();
            work(loops[i].run);
            return 0;
        }
    return 2;
}

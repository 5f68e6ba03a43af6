// Lazy initialisation twice: pthread_once among threads, and double-checked with atomics (acquire, release)
// among processes.
// OUTPUT: once 1, twice looked 2, table ok
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int times;
static char greeting[16];

static void initialise(void)
{
    times++;
    snprintf(greeting, sizeof greeting, "hello");
}

static void *greet(void *arg)
{
    pthread_once(&once, initialise);
    *(int *)arg = greeting[0] == 'h' && greeting[4] == 'o';
    return NULL;
}

struct shared {
    atomic_flag busy;
    atomic_bool filled;
    int table[8];
};

static int table_ok(struct shared *s)
{
    if (!atomic_load_explicit(&s->filled, memory_order_acquire)) {
        while (atomic_flag_test_and_set(&s->busy))
            ;
        if (!atomic_load_explicit(&s->filled, memory_order_relaxed)) {
            for (int i = 0; i < 8; i++)
                s->table[i] = i * i * i;
            atomic_store_explicit(&s->filled, 1, memory_order_release);
        }
        atomic_flag_clear(&s->busy);
    }
    return s->table[2] == 8 && s->table[7] == 343;
}

int main(void)
{
    pthread_t t[2];
    int seen[2] = {0}, status, bad = 0;
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return perror("mmap"), 1;
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            _exit(!table_ok(s));
    while (wait(&status) > 0)
        bad |= status;
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, greet, &seen[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("once %d, twice looked %d, table %s\n", times, seen[0] + seen[1], bad ? "broken" : "ok");
    return 0;
}

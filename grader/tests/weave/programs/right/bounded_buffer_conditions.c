// The bounded buffer as a monitor: a process-shared mutex and two condition variables, waited for in loops.
// OUTPUT: 12 items, sum 78, in order: yes
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPACITY 2
#define ITEMS    12
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        if ((call) != 0) {                                                                                   \
            fprintf(stderr, "%s failed\n", #call);                                                           \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

struct monitor {
    pthread_mutex_t lock;
    pthread_cond_t not_full, not_empty;
    int item[CAPACITY];
    int count, head;
};

static struct monitor *new_monitor(void)
{
    struct monitor *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;
    if (m == MAP_FAILED)
        exit(1);
    TRY(pthread_mutexattr_init(&ma));
    TRY(pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED));
    TRY(pthread_condattr_init(&ca));
    TRY(pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED));
    TRY(pthread_mutex_init(&m->lock, &ma));
    TRY(pthread_cond_init(&m->not_full, &ca));
    TRY(pthread_cond_init(&m->not_empty, &ca));
    return m;
}

static void put(struct monitor *m, int item)
{
    TRY(pthread_mutex_lock(&m->lock));
    while (m->count == CAPACITY)
        TRY(pthread_cond_wait(&m->not_full, &m->lock));
    m->item[(m->head + m->count++) % CAPACITY] = item;
    TRY(pthread_cond_signal(&m->not_empty));
    TRY(pthread_mutex_unlock(&m->lock));
}

static int get(struct monitor *m)
{
    TRY(pthread_mutex_lock(&m->lock));
    while (m->count == 0)
        TRY(pthread_cond_wait(&m->not_empty, &m->lock));
    int item = m->item[m->head];
    m->head = (m->head + 1) % CAPACITY;
    m->count--;
    TRY(pthread_cond_signal(&m->not_full));
    TRY(pthread_mutex_unlock(&m->lock));
    return item;
}

int main(void)
{
    struct monitor *m = new_monitor();
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 1; i <= ITEMS; i++)
            put(m, i);
        _exit(0);
    }
    int sum = 0, last = 0;
    bool in_order = true;
    for (int i = 0; i < ITEMS; i++) {
        int item = get(m);
        in_order = in_order && item == last + 1;
        last = item;
        sum += item;
    }
    if (pid < 0 || waitpid(pid, NULL, 0) < 0)
        return 1;
    printf("%d items, sum %d, in order: %s\n", ITEMS, sum, in_order ? "yes" : "no");
    return 0;
}

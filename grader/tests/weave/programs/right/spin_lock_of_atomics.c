// A spin lock from atomic_flag guards a queue of strings.
// OUTPUT: 6 lines, 36 characters
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct queue {
    atomic_flag busy;
    int n;
    char line[8][16];
};

static void lock(struct queue *q)
{
    while (atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire))
        sched_yield();
}

static void unlock(struct queue *q)
{
    atomic_flag_clear_explicit(&q->busy, memory_order_release);
}

static void add(struct queue *q, int who, int number)
{
    lock(q);
    snprintf(q->line[q->n], sizeof q->line[0], "%d says %d", who % 10, number % 10);
    q->line[q->n][6] = '\0';
    q->n++;
    unlock(q);
}

int main(void)
{
    struct queue *q = mmap(NULL, sizeof *q, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (q == MAP_FAILED)
        return perror("mmap"), 1;
    atomic_flag_clear(&q->busy);
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return perror("fork"), 1;
        if (pid == 0) {
            add(q, i, 1);
            add(q, i, 2);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    size_t total = 0;
    for (int i = 0; i < q->n; i++)
        total += strlen(q->line[i]);
    printf("%d lines, %zu characters\n", q->n, total);
    return 0;
}

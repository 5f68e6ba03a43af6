// pthread_spin_lock in shared memory: four children push onto one stack.
// OUTPUT: depth 8, sum 36
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct stack {
    pthread_spinlock_t lock;
    int depth;
    int value[8];
};

static void push(struct stack *s, int value)
{
    pthread_spin_lock(&s->lock);
    s->value[s->depth++] = value;
    pthread_spin_unlock(&s->lock);
}

int main(void)
{
    struct stack *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || pthread_spin_init(&s->lock, PTHREAD_PROCESS_SHARED) != 0)
        return 1;
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            push(s, 2 * i + 1);
            push(s, 2 * i + 2);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    int sum = 0;
    for (int i = 0; i < s->depth; i++)
        sum += s->value[i];
    printf("depth %d, sum %d\n", s->depth, sum);
    pthread_spin_destroy(&s->lock);
    return 0;
}

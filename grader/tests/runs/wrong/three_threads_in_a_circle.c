/*
 * Philosophers as threads: each has one fork and waits for the next one's, while main waits for them to end.
 * EXPECT: deadlock/wait_in_a_cycle
 * SAYS: Threads wait for each other: thread
 * SAYS: of three_threads_in_a_circle waits in pthread_mutex_lock
 */
#include <pthread.h>
#include <stdint.h>

#define COUNT 3

static pthread_mutex_t fork_of[COUNT] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                         PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t all_have_one;

static void *eats(void *number)
{
    const intptr_t left = (intptr_t)number, right = (left + 1) % COUNT;
    pthread_mutex_lock(&fork_of[left]);
    pthread_barrier_wait(&all_have_one);
    pthread_mutex_lock(&fork_of[right]); /* HERE */
    pthread_mutex_unlock(&fork_of[right]);
    pthread_mutex_unlock(&fork_of[left]);
    return NULL;
}

int main(void)
{
    pthread_t t[COUNT];
    pthread_barrier_init(&all_have_one, NULL, COUNT);
    for (intptr_t i = 0; i < COUNT; i++)
        pthread_create(&t[i], NULL, eats, (void *)i);
    for (int i = 0; i < COUNT; i++)
        pthread_join(t[i], NULL);
    return 0;
}

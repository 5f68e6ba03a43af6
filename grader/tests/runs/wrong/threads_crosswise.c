/*
 * Two threads of one process take two mutexes in opposite orders.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <pthread.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_have_one;

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_barrier_wait(&both_have_one);
    pthread_mutex_lock(second); /* HERE */
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *other(void *unused)
{
    take(&b, &a);
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_barrier_init(&both_have_one, NULL, 2);
    pthread_create(&t, NULL, other, NULL);
    take(&a, &b);
    pthread_join(t, NULL);
    return 0;
}

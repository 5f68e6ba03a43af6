/*
 * Two threads take two mutexes in opposite orders, and the main thread has left.
 * EXPECT: deadlock/wait_in_a_cycle
 * SAYS: which thread 5 has
 */
#include <pthread.h>

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t both_have_one;
static int numbers[2] = {0, 1};

static void *take(void *number)
{
    const int first = *(int *)number;
    pthread_mutex_lock(&locks[first]);
    pthread_barrier_wait(&both_have_one);
    pthread_mutex_lock(&locks[!first]); /* HERE */
    pthread_mutex_unlock(&locks[!first]);
    pthread_mutex_unlock(&locks[first]);
    return NULL;
}

int main(void)
{
    pthread_t t;
    pthread_barrier_init(&both_have_one, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&t, NULL, take, &numbers[i]);
    pthread_exit(NULL);
}

/*
 * main waits for a thread to end, and the thread for the mutex that main has.
 * EXPECT: deadlock/wait_in_a_cycle
 * SAYS: waits in pthread_join for thread 4 to end; thread 4 of joins_while_it_has_the_lock waits in
 * SAYS: which thread 3 has
 */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void *adds(void *unused)
{
    pthread_mutex_lock(&lock); /* HERE */
    sum++;
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_mutex_lock(&lock);
    pthread_create(&t, NULL, adds, NULL);
    pthread_join(t, NULL); /* HERE */
    pthread_mutex_unlock(&lock);
    return sum != 1;
}

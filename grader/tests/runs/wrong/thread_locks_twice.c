/*
 * A thread calls a function that takes the mutex which it has already.
 * EXPECT: deadlock/lock_taken_twice
 * SAYS: Thread 4 of thread_locks_twice waits in pthread_mutex_lock
 */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void add(int n)
{
    pthread_mutex_lock(&lock); /* HERE */
    sum += n;
    pthread_mutex_unlock(&lock);
}

static void *adds_two(void *unused)
{
    pthread_mutex_lock(&lock);
    add(1);
    add(1);
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, adds_two, NULL);
    pthread_join(t, NULL);
    return sum != 2;
}

/*
 * A function that locks calls another that locks the same mutex.
 * EXPECT: deadlock/lock_taken_twice
 */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int count;

static void add(int n)
{
    pthread_mutex_lock(&lock); /* HERE */
    count += n;
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    pthread_mutex_lock(&lock);
    if (count == 0)
        add(1);
    pthread_mutex_unlock(&lock);
    return 0;
}

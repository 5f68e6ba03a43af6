/*
 * A process that reads under the lock and then wants to write waits for the reader to leave, which is itself.
 * EXPECT: deadlock/lock_taken_twice or hang/waits_for_lock
 */
#include <pthread.h>

int main(void)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    pthread_rwlock_wrlock(&lock); /* HERE */
    pthread_rwlock_unlock(&lock);
    return 0;
}

/*
 * A process that reads under the lock and then wants to write waits for the reader to leave, which is itself.
 * EXPECT: deadlock/lock_taken_twice or hang/waits_for_lock
 * XFAIL: called a lock of which each process has a copy, where there is one process only
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

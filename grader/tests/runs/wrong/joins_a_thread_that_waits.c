/*
 * main joins a thread that waits for a condition which only main would signal, after the join.
 * EXPECT: hang/waits_for_lock or deadlock/wait_in_a_cycle
 */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ready;

static void *sleeper(void *unused)
{
    pthread_mutex_lock(&lock);
    while (!ready)
        pthread_cond_wait(&changed, &lock); /* HERE */
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, sleeper, NULL);
    pthread_join(t, NULL); /* HERE */
    ready = 1;
    pthread_cond_signal(&changed);
    return 0;
}

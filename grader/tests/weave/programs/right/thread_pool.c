// A pool of threads takes jobs from a linked list; a condition variable wakes them, a flag and a broadcast
// end them.
// OUTPUT: 10 jobs done, sum of cubes 3025
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
    int n;
    struct job *next;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *first;
    bool closed;
    long sum;
    int done;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

static struct job *next_job(void)
{
    pthread_mutex_lock(&pool.lock);
    while (!pool.first && !pool.closed)
        pthread_cond_wait(&pool.work, &pool.lock);
    struct job *job = pool.first;
    if (job)
        pool.first = job->next;
    pthread_mutex_unlock(&pool.lock);
    return job;
}

static void *worker(void *unused)
{
    (void)unused;
    struct job *job;
    while ((job = next_job()) != NULL) {
        long cube = (long)job->n * job->n * job->n;
        free(job);
        pthread_mutex_lock(&pool.lock);
        pool.sum += cube;
        pool.done++;
        pthread_mutex_unlock(&pool.lock);
    }
    return NULL;
}

static void submit(int n)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        exit(1);
    job->n = n;
    pthread_mutex_lock(&pool.lock);
    job->next = pool.first;
    pool.first = job;
    pthread_cond_signal(&pool.work);
    pthread_mutex_unlock(&pool.lock);
}

int main(void)
{
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread[i], NULL, worker, NULL))
            return 1;
    for (int n = 1; n <= 10; n++)
        submit(n);
    pthread_mutex_lock(&pool.lock);
    pool.closed = true;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    printf("%d jobs done, sum of cubes %ld\n", pool.done, pool.sum);
    return 0;
}

// pthread_cond_timedwait in a loop with a predicate: the worker gets three jobs in time, then none, and ends
// by itself.
// OUTPUT: 3 jobs, then nothing for a second
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t job_there = PTHREAD_COND_INITIALIZER;
static int waiting_jobs, done;

static void *worker(void *unused)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        struct timespec until;
        int e = 0;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        while (waiting_jobs == 0 && e == 0)
            e = pthread_cond_timedwait(&job_there, &lock, &until);
        if (waiting_jobs == 0 && e == ETIMEDOUT)
            break;
        waiting_jobs--;
        done++;
    }
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, worker, NULL) != 0) {
        fputs("pthread_create failed\n", stderr);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < 3; i++) {
        usleep(100 * 1000);
        pthread_mutex_lock(&lock);
        waiting_jobs++;
        pthread_cond_signal(&job_there);
        pthread_mutex_unlock(&lock);
    }
    pthread_join(t, NULL);
    printf("%d jobs, then nothing for a second\n", done);
    return EXIT_SUCCESS;
}

// The owner of a robust mutex ends with it; whoever locks it next is told so, repairs what it guards, and
// goes on.
// OUTPUT: half done: yes; repaired, value 10
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct account {
    pthread_mutex_t lock;
    int value;
    int in_progress;
};

int main(void)
{
    struct account *a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;
    if (a == MAP_FAILED || pthread_mutexattr_init(&attr) ||
        pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
        pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) || pthread_mutex_init(&a->lock, &attr)) {
        perror("setup");
        return 1;
    }
    a->value = 5;
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        if (pthread_mutex_lock(&a->lock) != 0)
            _exit(1);
        a->in_progress = 1;
        a->value = -1;
        _exit(0); /* "crashes" here */
    }
    /* the child is not waited for first: the mutex alone orders what both do */
    int half = 0;
    for (;;) {
        int e = pthread_mutex_lock(&a->lock);
        if (e == EOWNERDEAD) {
            half = a->in_progress;
            a->in_progress = 0;
            a->value = 10;
            if (pthread_mutex_consistent(&a->lock) != 0)
                return 1;
        } else if (e != 0) {
            fprintf(stderr, "lock: error %d\n", e);
            return 1;
        }
        int ready = half;
        if (pthread_mutex_unlock(&a->lock) != 0)
            return 1;
        if (ready)
            break;
        sched_yield();
    }
    wait(NULL);
    printf("half done: %s; repaired, value %d\n", half ? "yes" : "no", a->value);
    return 0;
}

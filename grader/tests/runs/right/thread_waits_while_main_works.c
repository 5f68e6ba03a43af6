/*
 * Inside one process: a thread sits in pthread_cond_wait(), main in pthread_join() of it, and a third wakes the first after it
 * has read from a child.
 * EXPECT: no finding
 * OUTPUT: woken
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ready, fd[2];

static void *sleeper(void *unused)
{
    pthread_mutex_lock(&lock);
    while (!ready)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    puts("woken");
    return unused;
}

static void *waker(void *unused)
{
    char byte;
    if (read(fd[0], &byte, 1) == 1) {
        pthread_mutex_lock(&lock);
        ready = 1;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

int main(void)
{
    pthread_t s, w;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(write(fd[1], "x", 1) != 1);
    pthread_create(&s, NULL, sleeper, NULL);
    pthread_create(&w, NULL, waker, NULL);
    pthread_join(s, NULL);
    pthread_join(w, NULL);
    waitpid(pid, NULL, 0);
    return 0;
}

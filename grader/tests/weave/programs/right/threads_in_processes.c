// Two processes with two threads each: a private mutex among the threads of one, a process-shared one among
// all.
// OUTPUT: local 8 and 8, global 16
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t lock;
    int global;
    int local[2];
};

static struct shared *s;
static pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
static int local;

static void *run(void *arg)
{
    for (int i = 0; i < 4; i++) {
        pthread_mutex_lock(&mine);
        local++;
        pthread_mutex_unlock(&mine);
        pthread_mutex_lock(&s->lock);
        s->global++;
        pthread_mutex_unlock(&s->lock);
    }
    return arg;
}

static void process(int me)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, run, NULL) != 0)
            exit(1);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    s->local[me] = local;
    exit(0);
}

int main(void)
{
    pthread_mutexattr_t attr;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || pthread_mutexattr_init(&attr) ||
        pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) || pthread_mutex_init(&s->lock, &attr)) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0)
            process(i);
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    printf("local %d and %d, global %d\n", s->local[0], s->local[1], s->global);
    return bad != 0;
}

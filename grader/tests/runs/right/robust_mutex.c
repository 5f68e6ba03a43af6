/*
 * The holder of a robust mutex ends without giving it back, on purpose: the next one gets EOWNERDEAD, mends and goes on.
 * EXPECT: no finding
 * OUTPUT: the owner has died, value 1
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t lock;
    int value;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;
    int held[2];
    char byte;
    if (s == MAP_FAILED || pipe(held) < 0)
        return 1;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&s->lock, &attr);
    if (fork() == 0) {
        pthread_mutex_lock(&s->lock);
        s->value = 1;
        write(held[1], "x", 1);
        _exit(0);
    }
    read(held[0], &byte, 1);
    if (pthread_mutex_lock(&s->lock) != EOWNERDEAD || pthread_mutex_consistent(&s->lock) != 0)
        return 1;
    printf("the owner has died, value %d\n", s->value);
    pthread_mutex_unlock(&s->lock);
    wait(NULL);
    return 0;
}

/*
 * counter N K: N processes add 1 to one counter, K times each. Then N*K is printed.
 *
 * N-1 children and this program itself do the work. As this program takes the lock as well, it must never wait for a
 * lock whose owner has been killed: it would hang, and nobody would notice the dead child. So the mutex is robust. Who
 * gets EOWNERDEAD knows that a child has died in its critical section.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* In memory that all of the processes share. */
struct shared {
    pthread_mutex_t mutex; /* guards the rest */
    int broken;            /* somebody has died with the mutex */
    long counter;
};

/* Adds. Returns 0, or 1 if something has failed. */
static int count(struct shared *s, long times)
{
    for (long i = 0; i < times; i++) {
        int e = pthread_mutex_lock(&s->mutex);
        /* We have the mutex now, but its last owner has died. Nobody knows if it has added or not: give up, and tell the
         * others. (To unlock it without pthread_mutex_consistent should tell them too, by ENOTRECOVERABLE. But in glibc
         * 2.36 only one of those who sleep at the mutex is woken then, and the others sleep for ever.) */
        if (e == EOWNERDEAD) {
            s->broken = 1;
            e = pthread_mutex_consistent(&s->mutex);
        }
        if (e != 0)
            return 1;
        if (s->broken) {
            pthread_mutex_unlock(&s->mutex);
            return 1;
        }
        s->counter++; /* the critical section */
        if (pthread_mutex_unlock(&s->mutex) != 0)
            return 1;
    }
    return 0;
}

/* Prepares a mutex for several processes, one of which may die. Returns an error number, or 0. */
static int init_mutex(pthread_mutex_t *m)
{
    pthread_mutexattr_t a;
    int e = pthread_mutexattr_init(&a);
    if (e)
        return e;
    /* for processes, not only for threads */
    e = pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    /* comes back with EOWNERDEAD if the owner has died */
    if (!e)
        e = pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    if (!e)
        e = pthread_mutex_init(m, &a);
    pthread_mutexattr_destroy(&a);
    return e;
}

/* Reads a number of decimal digits only, from min to max. Returns it, or -1. */
static long number(const char *s, long min, long max)
{
    /* strtol takes spaces and signs, which are not allowed here: look at the characters first */
    size_t digits = strspn(s, "0123456789");
    if (digits == 0 || s[digits] != '\0')
        return -1;
    errno = 0;
    long n = strtol(s, NULL, 10);
    if (errno == ERANGE || n < min || n > max) /* ERANGE: does not even fit into a long */
        return -1;
    return n;
}

int main(int argc, char **argv)
{
    long n = -1, k = -1;
    if (argc == 3) {
        n = number(argv[1], 1, 64);
        k = number(argv[2], 0, 1000000);
    }
    if (n < 0 || k < 0) {
        fprintf(stderr, "usage: counter N K, 1 <= N <= 64, 0 <= K <= 1000000\n");
        return 2;
    }

    /* Anonymous: it has no name, so it cannot stay behind. Shared: fork does not copy it. */
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("counter: mmap");
        return 1;
    }
    int e = init_mutex(&s->mutex);
    if (e) {
        fprintf(stderr, "counter: mutex: %s\n", strerror(e));
        return 1;
    }

    /* n-1 children */
    pid_t pids[64];
    int children = 0, bad = 0;
    for (; children < n - 1; children++) {
        pids[children] = fork();
        if (pids[children] < 0) {
            perror("counter: fork");
            bad = 1;
            break;
        }
        if (pids[children] == 0)
            _exit(count(s, k)); /* _exit: nothing of the parent's is to be flushed */
    }

    /* and this one; not if a fork has failed, the sum would be wrong anyway */
    if (!bad && count(s, k) != 0) {
        fprintf(stderr, "counter: somebody died with the lock\n");
        bad = 1;
    }

    /* One child after the other. None of them can wait for ever, as the mutex is robust. */
    for (int i = 0; i < children; i++) {
        int status;
        if (waitpid(pids[i], &status, 0) < 0) {
            perror("counter: waitpid");
            bad = 1;
        } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "counter: child %ld has failed\n", (long)pids[i]);
            bad = 1;
        }
    }
    if (bad)
        return 1;

    /* The output is buffered: only fflush tells if it could be written. */
    if (printf("%ld\n", s->counter) < 0 || fflush(stdout) != 0) {
        perror("counter: stdout");
        return 1;
    }
    return 0;
}

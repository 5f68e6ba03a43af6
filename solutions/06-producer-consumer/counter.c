/*
 * Lab 06, task 1: several processes count together.
 *
 *     counter N K
 *
 *     N processes add 1 to one counter in shared memory, K times each; then N*K is printed.
 *
 * Exit status: 0, or 1 after any error, told on stderr, or 2 when the arguments make no sense.
 */
//: solution
#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define TIMES_MAX     1000000

struct shared {
    sem_t lock;   /* 1: nobody adds just now */
    long counter; /* read and written only between sem_wait and sem_post */
};

/* A decimal number between both; false if it is none. */
static bool number(const char *text, long least, long most, long *value)
{
    char *rest;
    errno = 0;
    *value = strtol(text, &rest, 10);
    return errno == 0 && rest != text && *rest == '\0' && *value >= least && *value <= most;
}

/* counter++ reads, adds and writes: what others add between our reading and our writing would be lost. So
 * all three steps belong between the two calls, in every process. */
static _Noreturn void count(struct shared *s, long times)
{
    for (long i = 0; i < times; i++) {
        if (sem_wait(&s->lock) < 0)
            _exit(1);
        s->counter++;
        sem_post(&s->lock);
    }
    _exit(0);
}

/* Waits for so many children. False if one of them has not done its work. */
static bool all_well(long children)
{
    bool well = true;
    for (long i = 0; i < children; i++) {
        int status;
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            well = false;
    }
    return well;
}

int main(int argc, char **argv)
{
    long processes, times, made = 0;
    if (argc != 3 || !number(argv[1], 1, PROCESSES_MAX, &processes) ||
        !number(argv[2], 0, TIMES_MAX, &times)) {
        fprintf(stderr, "usage: counter N K (N from 1 to %d, K from 0 to %d)\n", PROCESSES_MAX, TIMES_MAX);
        return 2;
    }
    /* Before fork(): children inherit the mapping. A global variable would be copied. */
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->lock, 1, 1) < 0) {
        perror("counter: shared memory");
        return 1;
    }
    while (made < processes) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("counter: fork");
            break;
        }
        if (pid == 0)
            count(s, times);
        made++;
    }
    /* Also when fork has failed: the others must not stay behind. */
    if (!all_well(made) || made < processes) {
        fprintf(stderr, "counter: not all processes have counted\n");
        return 1;
    }
    /* They have ended, and wait() has told us so: nobody else uses the counter now. */
    printf("%ld\n", s->counter);
    return 0;
}
//: skeleton
//| #include <stdio.h>
//| #include <stdlib.h>
//| #include <sys/mman.h>
//| #include <sys/wait.h>
//| #include <unistd.h>
//|
//| /* What the processes share. */
//| struct shared {
//|     long counter;
//| };
//|
//| static void count(struct shared *s, long times)
//| {
//|     for (long i = 0; i < times; i++) {
//|         /* TODO 2: these are three steps, and others come in between. Put a lock around them: a semaphore
//|          *         in struct shared, say, that main initialises. */
//|         s->counter++;
//|     }
//| }
//|
//| int main(int argc, char **argv)
//| {
//|     /* TODO 1: run it some times as it is. Then `make check`, or ./ipclab explore, and read what it says.
//|      *         (Take this message away.) */
//|     fprintf(stderr, "counter: this program has a race; begin with TODO 1 in counter.c\n");
//|
//|     /* TODO 3: N and K have to be numbers, N from 1 to 64, K from 0 to 1000000. Else exit with 2. */
//|     if (argc != 3)
//|         return 2;
//|     long processes = atol(argv[1]), times = atol(argv[2]);
//|
//|     /* TODO 4: each of these calls can fail: then say so on stderr and exit with 1. No child may stay
//|      *         behind, and a child that has not ended with 0 has not done its work. */
//|     struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
//|     for (long i = 0; i < processes; i++) {
//|         if (fork() == 0) {
//|             count(s, times);
//|             _exit(0);
//|         }
//|     }
//|     for (long i = 0; i < processes; i++)
//|         wait(NULL);
//|     printf("%ld\n", s->counter);
//|     return 0;
//| }
//: end

/*
 * Lab 06, task 1: several processes count together.
 *
 *     counter N K
 *
 *     N processes add 1 to one counter in shared memory, K times each; then N*K is printed.
 *
 * Exit status: 0, or 1 after any error, told on stderr, or 2 when the arguments make no sense.
 */
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the processes share. */
struct shared {
    sem_t lock;
    long counter;
};

static void count(struct shared *s, long times)
{
    for (long i = 0; i < times; i++) {
        if (sem_wait(&s->lock) != 0)
            _exit(1);
        s->counter++;
        if (sem_post(&s->lock) != 0)
            _exit(1);
    }
}

/* Returns the number, or -1 if it is none or greater than max. */
static long number(const char *text, long max)
{
    long value = 0;

    if (text[0] == '\0')
        return -1;
    for (int i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
        if (value > max)
            return -1;
    }
    return value;
}

static void kill_all(pid_t *pids, long n)
{
    for (long i = 0; i < n; i++) {
        if (pids[i] > 0)
            kill(pids[i], SIGKILL);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: counter N K\n");
        return 2;
    }
    long processes = number(argv[1], 64), times = number(argv[2], 1000000);
    if (processes < 1 || times < 0) {
        fprintf(stderr, "usage: counter N K, N from 1 to 64, K from 0 to 1000000\n");
        return 2;
    }

    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    if (sem_init(&s->lock, 1, 1) != 0) {
        perror("sem_init");
        return 1;
    }
    s->counter = 0;

    pid_t pids[64];
    long started = 0;
    int bad = 0;
    for (long i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            bad = 1;
            kill_all(pids, started);
            break;
        }
        if (pid == 0) {
            count(s, times);
            _exit(0);
        }
        pids[started++] = pid;
    }

    long left = started;
    while (left > 0) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0) {
            perror("wait");
            kill_all(pids, started);
            return 1;
        }
        for (long i = 0; i < started; i++) {
            if (pids[i] != pid)
                continue;
            pids[i] = 0;
            left--;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                fprintf(stderr, "counter: a child has failed\n");
                bad = 1;
                /* it may have died with the lock: the others would wait for ever */
                kill_all(pids, started);
            }
        }
    }
    long result = s->counter;
    sem_destroy(&s->lock);
    munmap(s, sizeof *s);
    if (bad)
        return 1;
    if (printf("%ld\n", result) < 0 || fflush(stdout) != 0) {
        perror("printf");
        return 1;
    }
    return 0;
}

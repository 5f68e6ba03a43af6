// A bank: tellers (processes) transfer money between random accounts, each with a lock of its own, taken in
// order; an auditor takes all locks and adds up. Options, statistics, and a history ring for each account.
// ARGS: -a 4 -t 3 -n 5 -s 11
// OUTPUT: 4 accounts, 3 tellers, 15 transfers tried
// OUTPUT: money at the end: 4000 (as at the start)
// OUTPUT: audits: 3, wrong ones: 0
// OUTPUT: done + refused = 15
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ACCOUNTS 32
#define HISTORY      4
#define START        1000L

struct entry {
    int other;
    long amount; /* negative: paid */
    time_t when;
};

struct account {
    pthread_mutex_t lock;
    long balance;
    unsigned entries;
    struct entry history[HISTORY];
};

struct bank {
    int n;
    pthread_mutex_t lock; /* of the counters below */
    int done, refused, audits, wrong_audits;
    struct account account[MAX_ACCOUNTS];
};

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "%s: %s\n", what, strerror(error));
        exit(1);
    }
}

static struct bank *open_bank(int n)
{
    pthread_mutexattr_t attr;
    struct bank *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    check(pthread_mutexattr_init(&attr), "pthread_mutexattr_init");
    check(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), "pthread_mutexattr_setpshared");
    check(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK), "pthread_mutexattr_settype");
    check(pthread_mutex_init(&b->lock, &attr), "pthread_mutex_init");
    b->n = n;
    for (int i = 0; i < n; i++) {
        check(pthread_mutex_init(&b->account[i].lock, &attr), "pthread_mutex_init");
        b->account[i].balance = START;
    }
    pthread_mutexattr_destroy(&attr);
    return b;
}

static void lock(pthread_mutex_t *m)
{
    check(pthread_mutex_lock(m), "pthread_mutex_lock");
}

static void unlock(pthread_mutex_t *m)
{
    check(pthread_mutex_unlock(m), "pthread_mutex_unlock");
}

static void note(struct account *a, int other, long amount)
{
    a->balance += amount;
    a->history[a->entries++ % HISTORY] = (struct entry){other, amount, time(NULL)};
}

static bool transfer(struct bank *b, int from, int to, long amount)
{
    struct account *f = &b->account[from], *t = &b->account[to];
    lock(from < to ? &f->lock : &t->lock);
    lock(from < to ? &t->lock : &f->lock);
    bool possible = f->balance >= amount;
    if (possible) {
        note(f, to, -amount);
        note(t, from, amount);
    }
    unlock(&f->lock);
    unlock(&t->lock);
    return possible;
}

static void teller(struct bank *b, unsigned seed, int transfers)
{
    int done = 0;
    for (int i = 0; i < transfers; i++) {
        int from = rand_r(&seed) % b->n;
        int to = (from + 1 + rand_r(&seed) % (b->n - 1)) % b->n;
        done += transfer(b, from, to, 100 + rand_r(&seed) % 900);
    }
    lock(&b->lock);
    b->done += done;
    b->refused += transfers - done;
    unlock(&b->lock);
}

static void audit(struct bank *b)
{
    long sum = 0;
    for (int i = 0; i < b->n; i++) {
        lock(&b->account[i].lock);
        sum += b->account[i].balance;
    }
    lock(&b->lock);
    b->audits++;
    b->wrong_audits += sum != START * b->n;
    unlock(&b->lock);
    for (int i = b->n - 1; i >= 0; i--)
        unlock(&b->account[i].lock);
}

int main(int argc, char **argv)
{
    int accounts = 4, tellers = 2, transfers = 10, c;
    unsigned seed = 1;
    while ((c = getopt(argc, argv, "a:t:n:s:")) != -1)
        switch (c) {
        case 'a':
            accounts = atoi(optarg);
            break;
        case 't':
            tellers = atoi(optarg);
            break;
        case 'n':
            transfers = atoi(optarg);
            break;
        case 's':
            seed = (unsigned)atoi(optarg);
            break;
        default:
            fprintf(stderr, "usage: %s [-a accounts] [-t tellers] [-n transfers] [-s seed]\n", argv[0]);
            return 2;
        }
    if (accounts < 2 || accounts > MAX_ACCOUNTS || tellers < 1 || transfers < 0)
        return 2;
    struct bank *b = open_bank(accounts);
    for (int i = 0; i < tellers; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            teller(b, seed + (unsigned)i, transfers);
            exit(0);
        }
    }
    for (int i = 0; i < 3; i++)
        audit(b);
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    long money = 0;
    for (int i = 0; i < accounts; i++)
        money += b->account[i].balance;
    printf("%d accounts, %d tellers, %d transfers tried\n", accounts, tellers, tellers * transfers);
    printf("money at the end: %ld (%s)\n", money,
           money == START * accounts ? "as at the start" : "some is missing");
    printf("audits: %d, wrong ones: %d\n", b->audits, b->wrong_audits);
    printf("done + refused = %d\n", b->done + b->refused);
    return bad != 0;
}

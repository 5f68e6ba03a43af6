// A whole program: producers make parcels, consumers weigh them, everything from the command line; the totals
// and a table for each process are printed at the end, the log goes to a file. About as long as what a
// student hands in for a project.
// ARGS: -p 2 -c 2 -n 6 -b 3 -s 7 -l parcels.log
// OUTPUT: 2 producers, 2 consumers, 12 parcels, buffer of 3
// OUTPUT: made 12, weighed 12, weight equal: yes, checksum equal: yes
// OUTPUT: kinds: letters + boxes + crates = 12
// OUTPUT: heaviest seen by somebody: yes
// OUTPUT: log lines: 12
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 16
#define MAX_SLOTS     64
#define LABEL         24

enum kind { LETTER, BOX, CRATE, KINDS };

struct parcel {
    int number; /* -1: no more */
    int producer;
    enum kind kind;
    int weight;
    char label[LABEL];
};

struct statistics { /* of one process; only it writes here until it has ended */
    int parcels;
    long weight;
    int heaviest;
    int by_kind[KINDS];
    uint32_t checksum;
    double busy; /* seconds */
};

struct shared {
    sem_t empty, full, mutex, log;
    int slots, in, out;
    struct parcel slot[MAX_SLOTS];
    struct statistics made[MAX_PROCESSES], weighed[MAX_PROCESSES];
};

struct options {
    int producers, consumers, parcels, slots;
    unsigned seed;
    const char *log_name;
    bool verbose;
};

static const char *program;

static void die(const char *format, ...)
{
    int e = errno;
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fprintf(stderr, e ? ": %s\n" : "\n", strerror(e));
    va_end(args);
    exit(EXIT_FAILURE);
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: %s [-p PRODUCERS] [-c CONSUMERS] [-n PARCELS] [-b SLOTS] [-s SEED] [-l LOG] [-v]\n"
            "  PARCELS is what each producer makes.\n",
            program);
}

static int number(const char *text, int least, int most, char option)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || n < least || n > most) {
        errno = 0;
        die("-%c %s: a number from %d to %d is wanted", option, text, least, most);
    }
    return (int)n;
}

static struct options read_options(int argc, char **argv)
{
    struct options o = {
        .producers = 1, .consumers = 1, .parcels = 10, .slots = 4, .seed = 1, .log_name = "parcels.log"};
    int c;
    while ((c = getopt(argc, argv, "p:c:n:b:s:l:vh")) != -1) {
        switch (c) {
        case 'p':
            o.producers = number(optarg, 1, MAX_PROCESSES, 'p');
            break;
        case 'c':
            o.consumers = number(optarg, 1, MAX_PROCESSES, 'c');
            break;
        case 'n':
            o.parcels = number(optarg, 0, 100000, 'n');
            break;
        case 'b':
            o.slots = number(optarg, 1, MAX_SLOTS, 'b');
            break;
        case 's':
            o.seed = (unsigned)number(optarg, 0, INT_MAX, 's');
            break;
        case 'l':
            o.log_name = optarg;
            break;
        case 'v':
            o.verbose = true;
            break;
        case 'h':
            usage(stdout);
            exit(EXIT_SUCCESS);
        default:
            usage(stderr);
            exit(EXIT_FAILURE);
        }
    }
    if (optind != argc) {
        usage(stderr);
        exit(EXIT_FAILURE);
    }
    return o;
}

/* ---- shared memory */

static struct shared *make_shared(const struct options *o)
{
    char name[64];
    snprintf(name, sizeof name, "/ipclab-parcels-%ld", (long)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, S_IRUSR | S_IWUSR);
    if (fd == -1)
        die("shm_open %s", name);
    if (shm_unlink(name) == -1)
        die("shm_unlink %s", name);
    if (ftruncate(fd, sizeof(struct shared)) == -1)
        die("ftruncate");
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (s == MAP_FAILED)
        die("mmap");
    close(fd);
    memset(s, 0, sizeof *s);
    s->slots = o->slots;
    if (sem_init(&s->empty, 1, (unsigned)o->slots) == -1 || sem_init(&s->full, 1, 0) == -1 ||
        sem_init(&s->mutex, 1, 1) == -1 || sem_init(&s->log, 1, 1) == -1)
        die("sem_init");
    return s;
}

static void down(sem_t *s)
{
    while (sem_wait(s) == -1)
        if (errno != EINTR)
            die("sem_wait");
}

static void up(sem_t *s)
{
    if (sem_post(s) == -1)
        die("sem_post");
}

static void put(struct shared *s, const struct parcel *p)
{
    down(&s->empty);
    down(&s->mutex);
    memcpy(&s->slot[s->in], p, sizeof *p);
    s->in = (s->in + 1) % s->slots;
    up(&s->mutex);
    up(&s->full);
}

static struct parcel get(struct shared *s)
{
    down(&s->full);
    down(&s->mutex);
    struct parcel p = s->slot[s->out];
    s->out = (s->out + 1) % s->slots;
    up(&s->mutex);
    up(&s->empty);
    return p;
}

/* ---- work */

static uint32_t checksum(const struct parcel *p)
{
    uint32_t sum = (uint32_t)p->number * 31 + (uint32_t)p->producer;
    for (const char *c = p->label; *c; c++)
        sum = sum * 33 + (unsigned char)*c;
    return sum ^ (uint32_t)p->weight;
}

static void count(struct statistics *st, const struct parcel *p)
{
    st->parcels++;
    st->weight += p->weight;
    if (p->weight > st->heaviest)
        st->heaviest = p->weight;
    st->by_kind[p->kind]++;
    st->checksum += checksum(p);
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void produce(struct shared *s, const struct options *o, int me)
{
    static const char *const kinds[KINDS] = {"letter", "box", "crate"};
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    srand(o->seed + (unsigned)me);
    for (int i = 0; i < o->parcels; i++) {
        struct parcel p = {
            .number = i, .producer = me, .kind = (enum kind)(rand() % KINDS), .weight = 1 + rand() % 1000};
        snprintf(p.label, sizeof p.label, "%s %d/%d", kinds[p.kind], me, i);
        p.label[0] = (char)toupper((unsigned char)p.label[0]);
        count(&s->made[me], &p);
        put(s, &p);
        if (rand() % 4 == 0)
            usleep((useconds_t)(rand() % 1000));
    }
    s->made[me].busy = seconds_since(&begin);
}

static void write_log(struct shared *s, FILE *log, int me, const struct parcel *p)
{
    down(&s->log);
    fprintf(log, "consumer %d: %-16s %4d g\n", me, p->label, p->weight);
    fflush(log);
    up(&s->log);
}

static void consume(struct shared *s, const struct options *o, int me)
{
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    FILE *log = fopen(o->log_name, "a");
    if (!log)
        die("%s", o->log_name);
    for (;;) {
        struct parcel p = get(s);
        if (p.number < 0)
            break;
        count(&s->weighed[me], &p);
        write_log(s, log, me, &p);
        if (o->verbose)
            fprintf(stderr, "%d took %s\n", me, p.label);
    }
    if (fclose(log) != 0)
        die("%s", o->log_name);
    s->weighed[me].busy = seconds_since(&begin);
}

static pid_t start(struct shared *s, const struct options *o, int me,
                   void (*work)(struct shared *, const struct options *, int))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0) {
        work(s, o, me);
        exit(EXIT_SUCCESS);
    }
    return pid;
}

static void wait_for(pid_t pid, const char *what)
{
    int status;
    if (waitpid(pid, &status, 0) == -1)
        die("waitpid");
    errno = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
        die("a %s ended with status %#x", what, (unsigned)status);
}

/* ---- report */

static struct statistics sum(const struct statistics *each, int n)
{
    struct statistics all = {0};
    for (int i = 0; i < n; i++) {
        all.parcels += each[i].parcels;
        all.weight += each[i].weight;
        if (each[i].heaviest > all.heaviest)
            all.heaviest = each[i].heaviest;
        for (int k = 0; k < KINDS; k++)
            all.by_kind[k] += each[i].by_kind[k];
        all.checksum += each[i].checksum;
        all.busy += each[i].busy;
    }
    return all;
}

static int count_lines(const char *name)
{
    FILE *file = fopen(name, "r");
    if (!file)
        die("%s", name);
    int lines = 0;
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void report(const struct shared *s, const struct options *o)
{
    struct statistics made = sum(s->made, o->producers), weighed = sum(s->weighed, o->consumers);
    printf("%d producers, %d consumers, %d parcels, buffer of %d\n", o->producers, o->consumers,
           o->producers * o->parcels, o->slots);
    printf("made %d, weighed %d, weight equal: %s, checksum equal: %s\n", made.parcels, weighed.parcels,
           made.weight == weighed.weight ? "yes" : "no", made.checksum == weighed.checksum ? "yes" : "no");
    printf("kinds: letters + boxes + crates = %d\n",
           weighed.by_kind[LETTER] + weighed.by_kind[BOX] + weighed.by_kind[CRATE]);
    printf("heaviest seen by somebody: %s\n", made.heaviest == weighed.heaviest ? "yes" : "no");
    for (int i = 0; o->verbose && i < o->consumers; i++)
        fprintf(stderr, "consumer %d: %d parcels, %ld g, busy for %.3f s\n", i, s->weighed[i].parcels,
                s->weighed[i].weight, s->weighed[i].busy);
    printf("log lines: %d\n", count_lines(o->log_name));
}

int main(int argc, char **argv)
{
    pid_t producer[MAX_PROCESSES], consumer[MAX_PROCESSES];
    program = argv[0];
    struct options o = read_options(argc, argv);
    time_t began = time(NULL);
    if (unlink(o.log_name) == -1 && errno != ENOENT)
        die("%s", o.log_name);
    struct shared *s = make_shared(&o);
    for (int i = 0; i < o.consumers; i++)
        consumer[i] = start(s, &o, i, consume);
    for (int i = 0; i < o.producers; i++)
        producer[i] = start(s, &o, i, produce);
    for (int i = 0; i < o.producers; i++)
        wait_for(producer[i], "producer");
    for (int i = 0; i < o.consumers; i++)
        put(s, &(struct parcel){.number = -1});
    for (int i = 0; i < o.consumers; i++)
        wait_for(consumer[i], "consumer");
    report(s, &o);
    if (difftime(time(NULL), began) < 0)
        die("time runs backwards");
    unlink(o.log_name);
    munmap(s, sizeof *s);
    return EXIT_SUCCESS;
}

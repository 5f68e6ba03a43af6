// Counts words: the text comes from standard input into a mapped file, each worker takes a part (moved to the
// borders of words), and all count in one hash table in shared memory with a rwlock for each of its parts.
// ARGS: -w 3 -k 4
// STDIN: it was the best of times it was the worst of times
// STDIN: it was the age of wisdom it was the age of foolishness
// STDIN: it was the epoch of belief it was the epoch of incredulity
// OUTPUT:    6 it
// OUTPUT:    6 of
// OUTPUT:    6 the
// OUTPUT:    6 was
// OUTPUT: 36 words, 13 different
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORD = 24, PARTS = 4, ENTRIES = 32 };

struct entry {
    char word[WORD];
    int count;
};

struct part {
    pthread_rwlock_t lock;
    int used;
    struct entry entry[ENTRIES];
};

struct table {
    struct part part[PARTS];
};

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static struct table *make_table(void)
{
    pthread_rwlockattr_t attr;
    struct table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED)
        die("mmap");
    if (pthread_rwlockattr_init(&attr) || pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED))
        die("pthread_rwlockattr");
    for (int i = 0; i < PARTS; i++)
        if (pthread_rwlock_init(&t->part[i].lock, &attr))
            die("pthread_rwlock_init");
    return t;
}

static const char *map_input(size_t *size)
{
    char name[] = "words-XXXXXX", block[64];
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0)
        die("mkstemp");
    for (size_t n; (n = fread(block, 1, sizeof block, stdin)) > 0;)
        if (write(fd, block, n) != (ssize_t)n)
            die("write");
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size == 0)
        die("input");
    *size = (size_t)st.st_size;
    const char *text = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    if (text == MAP_FAILED)
        die("mmap");
    close(fd);
    return text;
}

static struct entry *find(struct part *p, const char *word)
{
    for (int i = 0; i < p->used; i++)
        if (strcmp(p->entry[i].word, word) == 0)
            return &p->entry[i];
    return NULL;
}

static void add(struct table *t, const char *word)
{
    struct part *p = &t->part[(unsigned char)word[0] % PARTS];
    pthread_rwlock_rdlock(&p->lock); /* most words are known: counting them is atomic and needs no writer */
    struct entry *e = find(p, word);
    if (e)
        __atomic_fetch_add(&e->count, 1, __ATOMIC_RELAXED);
    pthread_rwlock_unlock(&p->lock);
    if (e)
        return;
    pthread_rwlock_wrlock(&p->lock);
    e = find(p, word); /* another may have brought it meanwhile */
    if (!e && p->used < ENTRIES) {
        e = &p->entry[p->used++];
        strncpy(e->word, word, WORD - 1);
    }
    if (e)
        e->count++;
    pthread_rwlock_unlock(&p->lock);
}

static size_t border(const char *text, size_t size, size_t at)
{
    while (at > 0 && at < size && isalpha((unsigned char)text[at - 1]))
        at++;
    return at < size ? at : size;
}

static void work(struct table *t, const char *text, size_t from, size_t to)
{
    char word[WORD];
    size_t n = 0;
    for (size_t i = from; i <= to; i++) {
        if (i < to && isalpha((unsigned char)text[i]) && n < WORD - 1) {
            word[n++] = (char)tolower((unsigned char)text[i]);
        } else if (n > 0) {
            word[n] = '\0';
            add(t, word);
            n = 0;
        }
    }
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->count != y->count ? y->count - x->count : strcmp(x->word, y->word);
}

int main(int argc, char **argv)
{
    int workers = 2, shown = 10, c;
    while ((c = getopt(argc, argv, "w:k:")) != -1) {
        if (c == 'w')
            workers = atoi(optarg);
        else if (c == 'k')
            shown = atoi(optarg);
        else
            return 2;
    }
    size_t size;
    const char *text = map_input(&size);
    struct table *t = make_table();
    for (int w = 0; w < workers; w++) {
        size_t from = border(text, size, size * (size_t)w / (size_t)workers);
        size_t to = border(text, size, size * ((size_t)w + 1) / (size_t)workers);
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            work(t, text, from, to);
            exit(EXIT_SUCCESS);
        }
    }
    int status;
    while (wait(&status) > 0)
        if (status != 0)
            return EXIT_FAILURE;
    struct entry all[PARTS * ENTRIES];
    int n = 0, words = 0;
    for (int p = 0; p < PARTS; p++)
        for (int i = 0; i < t->part[p].used; i++) {
            all[n++] = t->part[p].entry[i];
            words += t->part[p].entry[i].count;
        }
    qsort(all, (size_t)n, sizeof *all, compare);
    for (int i = 0; i < n && i < shown; i++)
        printf("%4d %s\n", all[i].count, all[i].word);
    printf("%d words, %d different\n", words, n);
    return EXIT_SUCCESS;
}

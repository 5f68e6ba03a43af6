// Readers and writers with a process-shared rwlock: two processes look words up while a third adds some.
// OUTPUT: 5 words, every look-up was whole
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX 5

struct dictionary {
    pthread_rwlock_t lock;
    int used;
    struct {
        char word[12];
        int length;
    } entry[MAX];
};

static const char *const words[MAX] = {"fork", "exec", "wait", "pipe", "semaphore"};

static void add(struct dictionary *d, const char *word)
{
    pthread_rwlock_wrlock(&d->lock);
    strcpy(d->entry[d->used].word, word);
    d->entry[d->used].length = (int)strlen(word);
    d->used++;
    pthread_rwlock_unlock(&d->lock);
}

static int look(struct dictionary *d)
{
    int whole = 1;
    pthread_rwlock_rdlock(&d->lock);
    for (int i = 0; i < d->used; i++)
        whole = whole && (int)strlen(d->entry[i].word) == d->entry[i].length;
    pthread_rwlock_unlock(&d->lock);
    return whole;
}

int main(void)
{
    struct dictionary *d = mmap(NULL, sizeof *d, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (d == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (pthread_rwlock_init(&d->lock, &attr) != 0)
        return 1;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0) {
            for (int n = 0; n < 3; n++)
                if (!look(d))
                    _exit(1);
            _exit(0);
        }
    }
    for (int i = 0; i < MAX; i++)
        add(d, words[i]);
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    printf("%d words, %s\n", d->used, bad ? "some look-up was torn" : "every look-up was whole");
    pthread_rwlock_destroy(&d->lock);
    return 0;
}

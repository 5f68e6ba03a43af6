// The first readers-writers problem with semaphores: the first reader locks writers out, the last lets them
// in.
// OUTPUT: torn reads: 0, version 6
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct db {
    sem_t mutex, writing;
    int readers;
    int left, right; /* always equal, but for a writer in between */
    int torn;        /* guarded by mutex */
};

static void reader(struct db *db)
{
    for (int i = 0; i < 3; i++) {
        sem_wait(&db->mutex);
        if (++db->readers == 1)
            sem_wait(&db->writing);
        sem_post(&db->mutex);

        int differ = db->left != db->right;

        sem_wait(&db->mutex);
        db->torn += differ;
        if (--db->readers == 0)
            sem_post(&db->writing);
        sem_post(&db->mutex);
    }
}

static void writer(struct db *db)
{
    for (int i = 0; i < 3; i++) {
        sem_wait(&db->writing);
        db->left++;
        db->right++;
        sem_post(&db->writing);
    }
}

int main(void)
{
    struct db *db = mmap(NULL, sizeof *db, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (db == MAP_FAILED || sem_init(&db->mutex, 1, 1) || sem_init(&db->writing, 1, 1)) {
        perror("setup");
        exit(1);
    }
    void (*role[])(struct db *) = {reader, writer, reader, writer};
    for (int i = 0; i < 4; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            exit(1);
        }
        if (pid == 0) {
            role[i](db);
            exit(0);
        }
    }
    for (int i = 0; i < 4; i++)
        wait(NULL);
    printf("torn reads: %d, version %d\n", db->torn, db->left);
    return 0;
}

// Readers and writers without the mutex around the count of readers: two first readers, or none.
// RACE: IN IN
// RACE: IN OUT
// RACE: OUT OUT
// RACE: SET GET
// DEADLOCK: FIRST WRITER WAIT
// DEADLOCK: FIRST FIRST WRITER WAIT
// DEADLOCK: FIRST FIRST WAIT
// DEADLOCK: FIRST WAIT
// DEADLOCK: WRITER WAIT
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct db {
    sem_t writing;
    int readers, data;
};

static void reader(struct db *db)
{
    for (int i = 0; i < 2; i++) {
        db->readers++;              /* IN */
        if (db->readers == 1)       /* IN */
            sem_wait(&db->writing); /* FIRST */
        if (db->data < 0)           /* GET */
            exit(1);
        db->readers--;        /* OUT */
        if (db->readers == 0) /* OUT */
            sem_post(&db->writing);
    }
    exit(0);
}

int main(void)
{
    struct db *db = mmap(NULL, sizeof *db, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (db == MAP_FAILED || sem_init(&db->writing, 1, 1)) {
        perror("setup");
        exit(1);
    }
    if (fork() == 0)
        reader(db);
    if (fork() == 0)
        reader(db);
    if (fork() == 0) {
        sem_wait(&db->writing); /* WRITER */
        db->data++;             /* SET */
        sem_post(&db->writing);
        exit(0);
    }
    while (wait(NULL) > 0) /* WAIT */
        ;
    printf("data %d\n", db->data);
    return 0;
}

/*
 * shm_open() and two named semaphores hand a number to and fro; whoever made the names removes them, right after the open.
 * EXPECT: no finding
 * OUTPUT: 1 2 4 8 16
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t *make(const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "/%s-%d", what, (int)getpid());
    sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    sem_unlink(name);
    return s;
}

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/number-%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, 4096) < 0)
        return 1;
    shm_unlink(name);
    int *n = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    sem_t *go = make("go"), *done = make("done");
    if (n == MAP_FAILED || go == SEM_FAILED || done == SEM_FAILED)
        return 1;
    *n = 1;
    if (fork() == 0) {
        for (int i = 0; i < 4; i++) {
            sem_wait(go);
            *n *= 2;
            sem_post(done);
        }
        _exit(0);
    }
    printf("%d", *n);
    for (int i = 0; i < 4; i++) {
        sem_post(go);
        sem_wait(done);
        printf(" %d", *n);
    }
    puts("");
    wait(NULL);
    return 0;
}

// A named semaphore as a lock: each child opens it by its name. The counter is in POSIX shared memory, opened
// by name too.
// OUTPUT: 9
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *message)
{
    perror(message);
    exit(EXIT_FAILURE);
}

static void child(const char *name)
{
    sem_t *lock = sem_open(name, 0);
    if (lock == SEM_FAILED)
        die("sem_open");
    int fd = shm_open(name, O_RDWR, 0);
    if (fd < 0)
        die("shm_open");
    int *count = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (count == MAP_FAILED)
        die("mmap");
    close(fd);
    for (int i = 0; i < 3; i++) {
        if (sem_wait(lock) < 0)
            die("sem_wait");
        int c = *count;
        *count = c + 1;
        if (sem_post(lock) < 0)
            die("sem_post");
    }
    sem_close(lock);
    exit(EXIT_SUCCESS);
}

int main(void)
{
    char name[48];
    snprintf(name, sizeof name, "/ipclab-named-%d", (int)getpid());
    sem_t *lock = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    if (lock == SEM_FAILED)
        die("sem_open");
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(int)) < 0)
        die("shm_open");
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0)
            child(name);
    }
    int status;
    while (wait(&status) > 0)
        if (status != 0)
            exit(EXIT_FAILURE);
    int *count = mmap(NULL, sizeof(int), PROT_READ, MAP_SHARED, fd, 0);
    if (count == MAP_FAILED)
        die("mmap");
    printf("%d\n", *count);
    sem_close(lock);
    sem_unlink(name);
    shm_unlink(name);
    return 0;
}

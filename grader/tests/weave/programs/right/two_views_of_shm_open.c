// One POSIX shared memory, mapped twice in the parent: writes go through one address, reads through the
// other, and the child has a third. A process-shared mutex in it is locked through whichever address is at
// hand.
// OUTPUT: writer's view 40, reader's view 40
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    pthread_mutex_t lock;
    long balance;
} account_t;

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "%s: %s\n", what, strerror(error));
        exit(1);
    }
}

static account_t *map(int fd)
{
    void *p = mmap(NULL, sizeof(account_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static void deposit(account_t *in, account_t *out, int times)
{
    for (int i = 0; i < times; i++) {
        check(pthread_mutex_lock(&in->lock), "lock");
        long old = in->balance;
        out->balance = old + 5;
        check(pthread_mutex_unlock(&out->lock), "unlock");
    }
}

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/ipclab-views-%ld", (long)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd == -1 || ftruncate(fd, sizeof(account_t)) == -1) {
        perror("shm_open");
        return 1;
    }
    account_t *w = map(fd), *r = map(fd);
    pthread_mutexattr_t attr;
    check(pthread_mutexattr_init(&attr), "mutexattr_init");
    check(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), "setpshared");
    check(pthread_mutex_init(&w->lock, &attr), "mutex_init");
    pthread_mutexattr_destroy(&attr);

    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        account_t *own = map(fd);
        deposit(own, own, 4);
        _exit(0);
    }
    deposit(r, w, 4);
    if (waitpid(pid, NULL, 0) != pid)
        return 1;
    printf("writer's view %ld, reader's view %ld\n", w->balance, r->balance);
    check(pthread_mutex_destroy(&w->lock), "destroy");
    shm_unlink(name);
    return 0;
}

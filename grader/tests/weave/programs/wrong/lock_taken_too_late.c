// The balance is looked at before the lock is taken: two withdrawals may both see enough.
// RACE: CHECK TAKE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    pthread_mutex_t lock;
    int balance;
} account_t;

static int withdraw(account_t *a, int amount)
{
    if (a->balance < amount) /* CHECK */
        return 0;
    pthread_mutex_lock(&a->lock);
    a->balance -= amount; /* TAKE */
    pthread_mutex_unlock(&a->lock);
    return amount;
}

int main(void)
{
    account_t *a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&a->lock, &attr);
    a->balance = 100;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            return 1;
        }
        if (pid == 0)
            exit(withdraw(a, 80) == 80 ? 0 : 1);
    }
    while (wait(NULL) > 0)
        continue;
    printf("balance: %d\n", a->balance);
    return 0;
}

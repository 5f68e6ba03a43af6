// Two transfers in opposite directions lock the two accounts in opposite order.
// DEADLOCK: SECOND SECOND WAIT
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct account {
    sem_t lock;
    int money;
};

static void transfer(struct account *from, struct account *to, int amount)
{
    sem_wait(&from->lock);
    sem_wait(&to->lock); /* SECOND */
    from->money -= amount;
    to->money += amount;
    sem_post(&to->lock);
    sem_post(&from->lock);
}

int main(void)
{
    struct account *a = mmap(NULL, 2 * sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED)
        return perror("mmap"), 1;
    for (int i = 0; i < 2; i++) {
        sem_init(&a[i].lock, 1, 1);
        a[i].money = 100;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return perror("fork"), 1;
        if (pid == 0) {
            transfer(&a[i], &a[1 - i], 10 + i);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) /* WAIT */
        ;
    printf("%d + %d\n", a[0].money, a[1].money);
    return 0;
}

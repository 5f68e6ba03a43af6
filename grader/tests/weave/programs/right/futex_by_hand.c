// A mutex of one word on the futex system call (Drepper's second one): 0 free, 1 taken, 2 taken and somebody
// waits.
// OUTPUT: 12
#define _GNU_SOURCE
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    _Atomic uint32_t word;
    int counter;
};

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static void lock(_Atomic uint32_t *word)
{
    uint32_t seen = 0;
    if (atomic_compare_exchange_strong(word, &seen, 1))
        return;
    if (seen != 2)
        seen = atomic_exchange(word, 2);
    while (seen != 0) {
        futex(word, FUTEX_WAIT, 2);
        seen = atomic_exchange(word, 2);
    }
}

static void unlock(_Atomic uint32_t *word)
{
    if (atomic_fetch_sub(word, 1) != 1) {
        atomic_store(word, 0);
        futex(word, FUTEX_WAKE, 1);
    }
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            for (int k = 0; k < 4; k++) {
                lock(&s->word);
                s->counter++;
                unlock(&s->word);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%d\n", s->counter);
    return 0;
}

// Atomic operations on 8 to 128 bits, with each of their kinds, by two processes at once.
// LINK: -latomic
// OUTPUT: 8: 40, 16: 40, 32: ff, 64: 2000000000, 128: 40 and 40, last 1
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

__extension__ typedef unsigned __int128 wide;

struct counters {
    _Atomic uint8_t a8;
    _Atomic int16_t a16;
    _Atomic uint32_t a32;
    _Atomic uint64_t a64;
    _Alignas(16) wide a128;
    atomic_int last;
};

static void add_wide(wide *at)
{
    wide one_each = ((wide)1 << 64) | 1, old = __atomic_load_n(at, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(at, &old, old + one_each, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
}

static void run(struct counters *c, unsigned shift)
{
    for (int i = 0; i < 20; i++) {
        atomic_fetch_add(&c->a8, 1);
        atomic_fetch_sub(&c->a16, 1);
        atomic_fetch_or(&c->a32, 1u << ((unsigned)i % 4 + shift));
        uint64_t seen = atomic_load(&c->a64);
        while (!atomic_compare_exchange_weak(&c->a64, &seen, seen + 50000000))
            ;
        add_wide(&c->a128);
    }
    atomic_exchange(&c->last, 1);
}

int main(void)
{
    struct counters *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    run(c, pid == 0 ? 0 : 4);
    if (pid == 0)
        exit(0);
    wait(NULL);
    printf("8: %d, 16: %d, 32: %x, 64: %llu, 128: %d and %d, last %d\n", c->a8, -c->a16, (unsigned)c->a32,
           (unsigned long long)c->a64, (int)(uint64_t)c->a128, (int)(uint64_t)(c->a128 >> 64), c->last);
    return 0;
}

// A ticket lock: first come, first served, from two atomic numbers. The served order is written down under
// it.
// OUTPUT: 4 customers, tickets in order
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shop {
    atomic_uint next, serving;
    unsigned order[8];
    unsigned served;
};

int main(void)
{
    struct shop *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 4; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid > 0)
            continue;
        unsigned mine = atomic_fetch_add(&s->next, 1);
        while (atomic_load(&s->serving) != mine)
            sched_yield();
        s->order[s->served++] = mine;
        atomic_store(&s->serving, mine + 1);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    int ordered = 1;
    for (unsigned i = 0; i < s->served; i++)
        ordered = ordered && s->order[i] == i;
    printf("%u customers, tickets %s\n", s->served, ordered ? "in order" : "mixed up");
    return 0;
}

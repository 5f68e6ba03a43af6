/*
 * Busy waiting on an atomic flag with sched_yield(): wasteful, but right, and it ends.
 * EXPECT: no finding
 * OUTPUT: seen
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    atomic_int *flag = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (flag == MAP_FAILED)
        return 1;
    if (fork() == 0) {
        atomic_store(flag, 1);
        _exit(0);
    }
    while (!atomic_load(flag))
        sched_yield();
    wait(NULL);
    puts("seen");
    return 0;
}

// Publication: the record is filled, then its flag is stored with release; the reader spins on it with
// acquire.
// OUTPUT: Ada, 36
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct record {
    char name[16];
    int age;
    atomic_int ready;
};

int main(void)
{
    struct record *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        strcpy(r->name, "Ada");
        r->age = 36;
        atomic_store_explicit(&r->ready, 1, memory_order_release);
        _exit(0);
    }
    while (!atomic_load_explicit(&r->ready, memory_order_acquire))
        sched_yield();
    printf("%s, %d\n", r->name, r->age);
    return wait(NULL) != pid;
}

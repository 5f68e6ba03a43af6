// The counter is atomic, but it is loaded and stored in two steps: no data race, and still an update is lost.
// The program notices.
// CRASH: SIGABRT
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    atomic_int *n = mmap(NULL, sizeof *n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (n == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            for (int k = 0; k < 3; k++) {
                int old = atomic_load(n);
                atomic_store(n, old + 1);
            }
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    assert(atomic_load(n) == 6);
    puts("6");
    return 0;
}

// Two children give way until the parent, who sleeps, lets them go: time has to pass while they do.
// OUTPUT: both have gone
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    atomic_int *go = mmap(NULL, sizeof *go, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (go == MAP_FAILED)
        return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            while (!atomic_load(go)) {
                if (i == 0)
                    sched_yield();
            }
            _exit(0);
        }
    usleep(100);
    atomic_store(go, 1);
    for (int i = 0; i < 2; i++)
        wait(NULL);
    puts("both have gone");
    return 0;
}

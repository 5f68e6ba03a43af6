/*
 * sem_init() with pshared 0 of a semaphore in shared memory: the post raises the value and wakes nobody in the other process.
 * The child posts once /proc says that its parent sleeps in futex(), where it goes only for this semaphore.
 * EXPECT: hang/lock_not_process_shared
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int sleeps_in_futex(pid_t pid)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/wchan", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        exit(1);
    char *got = fgets(text, sizeof text, f);
    fclose(f);
    return got && text[0] == 'f' && text[1] == 'u';
}

int main(void)
{
    sem_t *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED || sem_init(done, 0, 0) < 0)
        return 1;
    if (fork() == 0) {
        while (!sleeps_in_futex(getppid()))
            ;
        sem_post(done);
        _exit(0);
    }
    sem_wait(done); /* HERE */
    wait(NULL);
    return 0;
}

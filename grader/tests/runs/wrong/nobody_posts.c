/*
 * The child ends on an error path without posting.
 * EXPECT: hang/waits_for_lock
 */
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sem_t *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED || sem_init(done, 1, 0) < 0)
        return 1;
    if (fork() == 0) {
        if (open("/none/such", O_RDONLY) < 0)
            _exit(1);
        sem_post(done);
        _exit(0);
    }
    sem_wait(done); /* HERE */
    wait(NULL);
    return 0;
}

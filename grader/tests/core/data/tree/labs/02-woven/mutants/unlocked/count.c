#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t mutex;
    int count;
};

static void work(struct shared *s, int times)
{
    for (int i = 0; i < times; i++) {
        //: solution
        s->count++;
        //: skeleton
        //| (void)s;
        //: end
    }
}

int main(void)
{
    int times = 0;
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (scanf("%d", &times) != 1 || sem_init(&s->mutex, 1, 1) != 0)
        return 1;
    pid_t child = fork();
    work(s, times);
    if (child == 0)
        _exit(0);
    wait(NULL);
    printf("%d\n", s->count);
    return 0;
}

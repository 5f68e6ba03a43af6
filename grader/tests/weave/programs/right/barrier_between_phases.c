// Prefix sums in phases (Hillis and Steele): in each, everybody reads what the others wrote in the one
// before. A process-shared barrier stands between them, and the two arrays change their roles.
// OUTPUT: 1 3 6 10
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 4 };

struct shared {
    pthread_barrier_t barrier;
    int row[2][N];
};

static int scan(struct shared *s, int me)
{
    int from = 0;
    for (int step = 1; step < N; step *= 2, from = !from) {
        s->row[!from][me] = s->row[from][me] + (me >= step ? s->row[from][me - step] : 0);
        int e = pthread_barrier_wait(&s->barrier);
        if (e != 0 && e != PTHREAD_BARRIER_SERIAL_THREAD)
            return 1;
    }
    return 0;
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    if (s == MAP_FAILED || pthread_barrierattr_init(&attr) ||
        pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
        pthread_barrier_init(&s->barrier, &attr, N))
        return 1;
    for (int i = 0; i < N; i++)
        s->row[0][i] = i + 1;
    for (int i = 0; i < N; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0)
            _exit(scan(s, i));
    }
    int status;
    while (wait(&status) > 0)
        if (status)
            return 1;
    printf("%d %d %d %d\n", s->row[0][0], s->row[0][1], s->row[0][2], s->row[0][3]);
    return 0;
}

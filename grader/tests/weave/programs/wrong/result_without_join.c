// main uses the thread's result before it joins.
// RACE: SUM USE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct task {
    int from, to;
    long sum;
};

static void *add(void *arg)
{
    struct task *t = arg;
    for (int i = t->from; i <= t->to; i++)
        t->sum += i; /* SUM */
    return NULL;
}

int main(void)
{
    struct task half[2] = {{.from = 1, .to = 5}, {.from = 6, .to = 10}};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&thread[i], NULL, add, &half[i]) != 0)
            return 1;
    long total = half[0].sum + half[1].sum; /* USE */
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    printf("total %ld\n", total);
    return 0;
}

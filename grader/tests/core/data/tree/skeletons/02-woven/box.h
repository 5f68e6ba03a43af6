#include <semaphore.h>

struct box {
    sem_t mutex;
    int sum;
};

void box_init(struct box *box);
void box_add(struct box *box, int n);

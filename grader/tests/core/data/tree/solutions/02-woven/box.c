#include "box.h"

/* A name that a scenario has too. */
int twice(int n)
{
    return 2 * n;
}

void box_init(struct box *box)
{
    //: solution
    sem_init(&box->mutex, 1, 1);
    box->sum = 0;
    //: skeleton
    //| (void)box;
    //: end
}

void box_add(struct box *box, int n)
{
    //: solution
    sem_wait(&box->mutex);
    box->sum += n;
    sem_post(&box->mutex);
    //: skeleton
    //| (void)box;
    //| (void)n;
    //: end
}

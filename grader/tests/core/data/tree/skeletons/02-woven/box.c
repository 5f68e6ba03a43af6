#include "box.h"

/* A name that a scenario has too. */
int twice(int n)
{
    return 2 * n;
}

void box_init(struct box *box)
{
    (void)box;
}

void box_add(struct box *box, int n)
{
    (void)box;
    (void)n;
}

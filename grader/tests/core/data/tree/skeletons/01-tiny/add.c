#include "add.h"

int add(int a, int b)
{
    /* TODO: the sum */
    (void)a;
    (void)b;
    return 0;
}

/*
 * free() twice: glibc aborts.
 * EXPECT: crash/killed_by_signal or memory_error/double_free
 */
#include <stdlib.h>

static void drop(void *p)
{
    free(p); /* HERE */
}

int main(void)
{
    char *p = malloc(5000), *guard = malloc(5000);
    drop(p);
    drop(p);
    drop(guard);
    return 0;
}

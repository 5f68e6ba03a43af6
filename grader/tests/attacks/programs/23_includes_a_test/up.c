#include <stdio.h>

#include "test_secret.c"

int main(void)
{
    fprintf(stderr, "%s\n", secret);
    return 0;
}

#include <ctype.h>
#include <stdio.h>

int main(void)
{
    /* TODO */
    return 1;
}

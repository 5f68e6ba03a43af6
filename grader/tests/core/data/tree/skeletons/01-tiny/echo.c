#include <unistd.h>

int main(void)
{
    /* TODO: copy */
    return 1;
}

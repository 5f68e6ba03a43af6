/*
 * Makes sure that descriptor 3 is free. It never was the program's, though the loader had that number.
 * EXPECT: no finding
 */
#include <unistd.h>

int main(void)
{
    close(3);
    return 0;
}

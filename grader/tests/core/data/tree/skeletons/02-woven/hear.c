#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* hear FIFO N: the sum of bytes that come, until it is N */
int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}

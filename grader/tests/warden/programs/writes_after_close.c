/* Closes its output, writes to it, and takes no notice: nothing that only the calls tell is left of that. */
#include <unistd.h>

int main(void)
{
    close(STDOUT_FILENO);
    if (write(STDOUT_FILENO, "x", 1) < 0) /* too late */
        return 0;
    return 1;
}

/* Closes its output, writes to it, and takes no notice: nothing that only the calls tell is left of that.
 * With an argument only after the end of its input. */
#include <unistd.h>

int main(int argc, char **argv)
{
    char byte;
    (void)argv;
    while (argc > 1 && read(STDIN_FILENO, &byte, 1) == 1)
        ;
    close(STDOUT_FILENO);
    if (write(STDOUT_FILENO, "x", 1) < 0) /* too late */
        return 0;
    return 1;
}

/* Closes its output, writes to it, and takes no notice: nothing that only the calls tell is left of that.
 * With "late" it does so after the end of its input, with "waits" that comes between the two. */
#include <string.h>
#include <unistd.h>

static void read_to_the_end(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1)
        ;
}

int main(int argc, char **argv)
{
    const char *when = argc > 1 ? argv[1] : "";
    if (strcmp(when, "late") == 0)
        read_to_the_end();
    close(STDOUT_FILENO);
    if (strcmp(when, "waits") == 0)
        read_to_the_end();
    if (write(STDOUT_FILENO, "x", 1) < 0) /* too late */
        return 0;
    return 1;
}

/*
 * open() of a FIFO for writing, and nobody ever opens it for reading.
 * EXPECT: hang/waits_for_partner
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    if (mkfifo("fifo", 0600) < 0)
        return 1;
    int out = open("fifo", O_WRONLY); /* HERE */
    write(out, "x", 1);
    return unlink("fifo");
}

/*
 * read() of an eventfd whose writer has failed and ended.
 * EXPECT: hang/waits_for_input or hang/waits_for_message or hang/blocked
 */
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    uint64_t n = 1;
    int fd = eventfd(0, EFD_CLOEXEC);
    if (fork() == 0)
        _exit(write(fd, &n, 4) != 4); /* an eventfd wants 8 bytes: EINVAL */
    read(fd, &n, sizeof n);           /* HERE */
    wait(NULL);
    return 0;
}

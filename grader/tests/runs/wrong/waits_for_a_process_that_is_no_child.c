/*
 * A grandchild waits for its pipe's end while the grandfather, who has the write end, waits for the child, who waits for the
 * grandchild: a circle of three over two generations.
 * EXPECT: deadlock/wait_in_a_cycle or deadlock/write_end_kept_by_other or deadlock/write_end_kept_by_waiting_parent
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[1]);
        if (fork() == 0) {
            while (read(fd[0], &byte, 1) > 0) /* HERE */
                ;
            _exit(0);
        }
        wait(NULL); /* HERE */
        _exit(0);
    }
    wait(NULL); /* HERE */
    close(fd[1]);
    return 0;
}

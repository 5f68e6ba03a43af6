/*
 * The child of a vfork has its parent's memory until it executes a program or ends, and so long the parent
 * sleeps. This one waits for a word from its parent.
 * EXPECT: deadlock/write_end_kept_by_waiting_parent
 * SAYS: , which waits for the reader to end, still has the write end open, fd 4.
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    pid_t child = vfork(); /* HERE */
    if (child == 0) {
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) != 1); /* HERE */
    }
    write(fd[1], "x", 1);
    waitpid(child, NULL, 0);
    return 0;
}

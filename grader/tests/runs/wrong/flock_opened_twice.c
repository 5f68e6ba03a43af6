/*
 * One process opens a file twice and locks it by both: a flock() belongs to the open file, so the process waits for itself.
 * EXPECT: deadlock/lock_taken_twice
 */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static void log_line(const char *text)
{
    int fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    flock(fd, LOCK_EX); /* HERE */
    write(fd, text, 1);
    close(fd);
}

int main(void)
{
    int fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    flock(fd, LOCK_EX);
    log_line("x");
    close(fd);
    return unlink("log");
}

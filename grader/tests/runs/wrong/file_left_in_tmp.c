/*
 * A FIFO in /tmp that nobody removes.
 * EXPECT: file_leak/file_left
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/tmp/left-%d", (int)getpid());
    return mkfifo(name, 0600) < 0; /* HERE */
}

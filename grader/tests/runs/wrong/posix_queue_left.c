/*
 * mq_open() without mq_unlink().
 * EXPECT: ipc_leak/posix_mq
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/left-%d", (int)getpid());
    mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL); /* HERE */
    return q < 0 || mq_close(q) < 0;
}

/*
 * Three messages into a POSIX queue for two; the receiver would start afterwards.
 * EXPECT: hang/waits_for_room
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    struct mq_attr a = {.mq_maxmsg = 2, .mq_msgsize = 8};
    char name[64], text[8];
    snprintf(name, sizeof name, "/full-%d", (int)getpid());
    mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a);
    if (q < 0 || mq_unlink(name) < 0)
        return 1;
    for (int i = 0; i < 3; i++)
        mq_send(q, "x", 1, 0); /* HERE */
    for (int i = 0; i < 3; i++)
        mq_receive(q, text, sizeof text, NULL);
    return 0;
}

/*
 * The child sends one message and ends; the parent receives two.
 * EXPECT: hang/waits_for_message
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct mq_attr a = {.mq_maxmsg = 2, .mq_msgsize = 8};
    char name[64], text[8];
    snprintf(name, sizeof name, "/empty-%d", (int)getpid());
    mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a);
    if (q < 0 || mq_unlink(name) < 0)
        return 1;
    if (fork() == 0)
        _exit(mq_send(q, "x", 1, 0) < 0);
    for (int i = 0; i < 2; i++)
        mq_receive(q, text, sizeof text, NULL); /* HERE */
    wait(NULL);
    return 0;
}

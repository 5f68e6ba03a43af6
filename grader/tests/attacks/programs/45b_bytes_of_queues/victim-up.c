/* Uses a message queue. */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>

int main(void)
{
    mqd_t queue = mq_open("/victim", O_CREAT | O_RDWR, 0600, NULL);
    if (queue == (mqd_t)-1)
        return 1;
    mq_unlink("/victim");
    mq_close(queue);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

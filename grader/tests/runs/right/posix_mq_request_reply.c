/*
 * Two POSIX queues, one for each direction; the names are gone as soon as both have them open.
 * EXPECT: no finding
 * OUTPUT: HELLO
 */
#include <ctype.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static mqd_t make(const char *what)
{
    struct mq_attr a = {.mq_maxmsg = 2, .mq_msgsize = 32};
    char name[64];
    snprintf(name, sizeof name, "/%s-%d", what, (int)getpid());
    mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a);
    mq_unlink(name);
    return q;
}

int main(void)
{
    char text[32] = "";
    mqd_t ask = make("ask"), answer = make("answer");
    if (ask < 0 || answer < 0)
        return 1;
    if (fork() == 0) {
        ssize_t n = mq_receive(ask, text, sizeof text, NULL);
        for (ssize_t i = 0; i < n; i++)
            text[i] = (char)toupper((unsigned char)text[i]);
        _exit(n < 0 || mq_send(answer, text, (size_t)n, 0) < 0);
    }
    mq_send(ask, "hello", 6, 0);
    mq_receive(answer, text, sizeof text, NULL);
    puts(text);
    wait(NULL);
    return 0;
}

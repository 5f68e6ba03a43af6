// Two stages send results to each other before they receive: as soon as both queues are full, both wait.
// DEADLOCK: SEND SEND
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static mqd_t make(const char *what)
{
    char name[64];
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
    snprintf(name, sizeof name, "/ipclab-full-%s-%d", what, (int)getpid());
    mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (q == (mqd_t)-1) {
        perror("mq_open");
        exit(1);
    }
    mq_unlink(name);
    return q;
}

static int work(mqd_t out, mqd_t in)
{
    char text[8] = "item";
    for (int i = 0; i < 3; i++)
        if (mq_send(out, text, sizeof text, 0) < 0) /* SEND */
            return 1;
    for (int i = 0; i < 3; i++)
        if (mq_receive(in, text, sizeof text, NULL) < 0)
            return 1;
    return 0;
}

int main(void)
{
    mqd_t a = make("a"), b = make("b");
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0)
        exit(work(b, a));
    int bad = work(a, b);
    wait(NULL);
    return bad;
}

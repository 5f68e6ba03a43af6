/*
 * mq_notify() sends a signal when the empty queue gets a message: the parent waits for it with sigwaitinfo() and no
 * process is seen that would ever call kill().
 * EXPECT: no finding
 * OUTPUT: got news
 */
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct mq_attr a = {.mq_maxmsg = 2, .mq_msgsize = 32};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    char name[64], text[32];
    sigset_t usr1;
    snprintf(name, sizeof name, "/news-%d", (int)getpid());
    mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a);
    if (q < 0 || mq_unlink(name) < 0)
        return 1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    if (mq_notify(q, &event) < 0)
        return 1;
    if (fork() == 0)
        _exit(mq_send(q, "news", 5, 0) < 0);
    if (sigwaitinfo(&usr1, NULL) != SIGUSR1 || mq_receive(q, text, sizeof text, NULL) < 0)
        return 1;
    printf("got %s\n", text);
    wait(NULL);
    return 0;
}

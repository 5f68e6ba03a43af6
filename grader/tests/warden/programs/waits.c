/* Blocks in what argv[1] says. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
static void *never(void *arg)
{
    pause();
    return arg;
}
int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    struct pollfd p = {0, POLLIN, 0};
    if (strcmp(what, "poll") == 0)
        poll(&p, 1, -1);
    if (strcmp(what, "poll_timeout") == 0)
        poll(&p, 1, 600000);
    if (strcmp(what, "select") == 0) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(0, &set);
        select(1, &set, NULL, NULL, NULL);
    }
    if (strcmp(what, "epoll") == 0) {
        int e = epoll_create1(0);
        struct epoll_event ev = {.events = EPOLLIN};
        epoll_ctl(e, EPOLL_CTL_ADD, 0, &ev);
        epoll_wait(e, &ev, 1, -1);
    }
    if (strcmp(what, "sleep") == 0)
        sleep(600);
    if (strcmp(what, "alarm") == 0) {
        alarm(600);
        pause();
    }
    if (strcmp(what, "pause") == 0)
        pause();
    if (strcmp(what, "stop") == 0)
        raise(SIGSTOP);
    if (strcmp(what, "sem") == 0) {
        sem_t *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        sem_init(s, 1, 0);
        sem_wait(s);
    }
    if (strcmp(what, "sem_timed") == 0) {
        sem_t s;
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_sec += 600;
        sem_init(&s, 0, 0);
        sem_timedwait(&s, &t);
    }
    if (strcmp(what, "fifo") == 0) {
        mkfifo("fifo", 0600);
        open("fifo", O_RDONLY);
    }
    if (strcmp(what, "own_fifo") == 0) {
        char byte;
        mkfifo("fifo", 0600);
        read(open("fifo", O_RDWR), &byte, 1);
    }
    if (strcmp(what, "poll_fifo") == 0) {
        mkfifo("fifo", 0600);
        p.fd = open("fifo", O_RDONLY | O_NONBLOCK);
        poll(&p, 1, -1);
    }
    if (strcmp(what, "looks_again") == 0)
        for (;;)
            poll(NULL, 0, 5);
    if (strcmp(what, "prints_for_ever") == 0)
        while (write(1, "again\n", 6) == 6)
            ;
    if (strcmp(what, "thread_runs") == 0) {
        pthread_t t;
        pthread_create(&t, NULL, never, NULL);
        for (volatile long i = 0;; i++)
            ;
    }
    return 0;
}

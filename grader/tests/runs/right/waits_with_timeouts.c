/*
 * Waits that nobody ends and that end by themselves: poll(), sem_timedwait(), sigtimedwait(), semtimedop(), select().
 * EXPECT: no finding
 * OUTPUT: five timeouts
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct timespec t = {0, 30000000}, until;
    struct timeval tv = {0, 30000};
    struct sembuf down = {0, -1, 0};
    sem_t sem;
    sigset_t usr1;
    fd_set set;
    int fd[2], id = semget(IPC_PRIVATE, 1, 0600);
    if (pipe(fd) < 0 || sem_init(&sem, 0, 0) < 0 || id < 0)
        return 1;
    struct pollfd p = {.fd = fd[0], .events = POLLIN};
    int bad = poll(&p, 1, 30) != 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (until.tv_nsec + 30000000) / 1000000000;
    until.tv_nsec = (until.tv_nsec + 30000000) % 1000000000;
    bad |= sem_timedwait(&sem, &until) == 0 || errno != ETIMEDOUT;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    bad |= sigtimedwait(&usr1, NULL, &t) >= 0 || errno != EAGAIN;
    bad |= semtimedop(id, &down, 1, &t) == 0 || errno != EAGAIN;
    FD_ZERO(&set);
    FD_SET(fd[0], &set);
    bad |= select(fd[0] + 1, &set, NULL, NULL, &tv) != 0;
    semctl(id, 0, IPC_RMID);
    puts(bad ? "wrong" : "five timeouts");
    return bad;
}

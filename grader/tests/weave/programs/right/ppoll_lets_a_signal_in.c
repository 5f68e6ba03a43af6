// A signal that is blocked everywhere else comes inside ppoll or pselect, whenever it was sent: each of the two ends.
// OUTPUT: 1 2
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t got;

static void on_signal(int number)
{
    (void)number;
    got++;
}

int main(void)
{
    sigset_t blocked, before;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    int *told = mmap(NULL, 2 * sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const pid_t parent = getpid();
    int seen[2];
    if (told == MAP_FAILED)
        return 1;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 2; i++) {
        const pid_t child = fork();
        if (child == 0) {
            told[i] = i + 1;
            kill(parent, SIGUSR1);
            _exit(0);
        }
        while (got == i) {
            int result = i == 0 ? ppoll(NULL, 0, NULL, &before) : pselect(0, NULL, NULL, NULL, NULL, &before);
            if (result != -1 || errno != EINTR)
                return 2;
        }
        seen[i] = told[i];
        waitpid(child, NULL, 0);
    }
    printf("%d %d\n", seen[0], seen[1]);
    return 0;
}

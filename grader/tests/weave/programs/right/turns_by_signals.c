// Two processes count by turns in shared memory; SIGUSR1 passes the turn, and both wait with sigsuspend.
// OUTPUT: parent and child counted to 8
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t my_turn;

static void handler(int signo)
{
    if (signo == SIGUSR1)
        my_turn = 1;
}

static void wait_for_turn(const sigset_t *open)
{
    while (!my_turn)
        sigsuspend(open);
    my_turn = 0;
}

int main(void)
{
    struct sigaction sa = {.sa_handler = handler};
    sigset_t usr1, before;
    int *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigemptyset(&sa.sa_mask);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    if (count == MAP_FAILED || sigaction(SIGUSR1, &sa, NULL) == -1 ||
        sigprocmask(SIG_BLOCK, &usr1, &before) == -1) {
        perror("setup");
        return 1;
    }
    pid_t parent = getpid(), child = fork();
    if (child == -1) {
        perror("fork");
        return 1;
    }
    pid_t other = child ? child : parent;
    if (child)
        my_turn = 1;
    for (int i = 0; i < 4; i++) {
        wait_for_turn(&before);
        ++*count;
        if (kill(other, SIGUSR1) == -1) {
            perror("kill");
            return 1;
        }
    }
    if (child == 0)
        _exit(0);
    wait_for_turn(&before);
    if (waitpid(child, NULL, 0) == -1)
        return 1;
    printf("parent and child counted to %d\n", *count);
    return 0;
}

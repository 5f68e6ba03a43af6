// A parent that waits for its slow child with a deadline: SIGALRM interrupts waitpid, the child is killed,
// and what it wrote before is read after it has been reaped.
// OUTPUT: the child was too slow and has been killed
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_alarm(int sig)
{
    (void)sig; /* only to interrupt */
}

int main(void)
{
    struct sigaction sa = {.sa_handler = on_alarm}; /* without SA_RESTART */
    int *steps = mmap(NULL, sizeof *steps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigemptyset(&sa.sa_mask);
    if (steps == MAP_FAILED || sigaction(SIGALRM, &sa, NULL) < 0) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        for (int i = 0; i < 10; i++) {
            ++*steps;
            usleep(400000);
        }
        pause();
        _exit(0);
    }
    alarm(1);
    int status;
    if (waitpid(pid, &status, 0) != -1 || errno != EINTR)
        return 1;
    if (kill(pid, SIGKILL) < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
        return 1;
    if (*steps < 1 || *steps > 10)
        return 1;
    puts("the child was too slow and has been killed");
    return 0;
}

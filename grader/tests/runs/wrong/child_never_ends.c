/*
 * The parent waits for a child that waits for a signal which nobody sends.
 * EXPECT: hang/waits_for_signal or hang/waits_for_child or deadlock/wait_in_a_cycle
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();       /* HERE */
    waitpid(pid, NULL, 0); /* HERE */
    return 0;
}

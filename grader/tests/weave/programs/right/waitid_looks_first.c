// waitid with WNOWAIT looks at a dead child and leaves it; the second call takes it. After the first its
// results are there.
// OUTPUT: child left 42, seen twice: yes, gone: yes
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (!pid) {
        *result = 42;
        _exit(3);
    }
    siginfo_t first = {0}, second = {0};
    if (waitid(P_PID, (id_t)pid, &first, WEXITED | WNOWAIT) < 0) {
        perror("waitid");
        return 1;
    }
    int value = *result;
    if (waitid(P_PID, (id_t)pid, &second, WEXITED) < 0) {
        perror("waitid");
        return 1;
    }
    int twice = first.si_pid == pid && second.si_pid == pid && first.si_status == 3 && second.si_status == 3;
    int gone = waitid(P_PID, (id_t)pid, &second, WEXITED | WNOHANG) < 0 && errno == ECHILD;
    printf("child left %d, seen twice: %s, gone: %s\n", value, twice ? "yes" : "no", gone ? "yes" : "no");
    return 0;
}

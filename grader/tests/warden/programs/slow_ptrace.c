/* Linked with warden's objects (--wrap=ptrace): a warden that gets no processor, once it has let somebody go
 * on, until that one is stopped again or has ended: as on a busy machine, where whoever is woken goes first.
 * (Who waits for something instead is waited for no longer than LONGEST_MS.) */
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#define LONGEST_MS 500

long __real_ptrace(int request, int pid, void *address, void *data);

static int is_stopped_again(int pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 ||
           info.si_pid == pid;
}

long __wrap_ptrace(int request, int pid, void *address, void *data)
{
    long result = __real_ptrace(request, pid, address, data);
    if (request == PTRACE_CONT || request == PTRACE_SYSCALL)
        for (int ms = 0; ms < LONGEST_MS && !is_stopped_again(pid); ms++)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
    return result;
}

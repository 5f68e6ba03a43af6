/*
 * pidfd_open() and poll(): a descriptor that becomes readable when the child ends, so that waitpid(WNOHANG) then
 * finds it. Thirty times.
 * EXPECT: no finding
 * OUTPUT: 30 ended
 */
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 30; i++) {
        int go[2], status;
        char byte;
        if (pipe(go) < 0)
            return 1;
        pid_t pid = fork();
        if (pid == 0) {
            close(go[1]);
            read(go[0], &byte, 1);
            _exit(8);
        }
        struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
        close(go[0]);
        close(go[1]);
        if (p.fd < 0 || poll(&p, 1, -1) != 1 || waitpid(pid, &status, WNOHANG) != pid ||
            WEXITSTATUS(status) != 8)
            return 1;
        close(p.fd);
    }
    puts("30 ended");
    return 0;
}

/* Does not wait for its child; the name of its file holds lines of what `lines` answers. */
#include <sys/wait.h>
#include <unistd.h>
#line 1 "a\n0 7 main b.c\n1 8 main b.c\n4000 9 main b.c\n1 99999999999 main b.c\n"
int main(void)
{
    siginfo_t child;
    if (fork() == 0)
        _exit(0);
    return waitid(P_ALL, 0, &child, WEXITED | WNOWAIT) != 0;
}

// A handler that is left by siglongjmp is over: what main does then is not done in a handler.
// OUTPUT: jump 1
// OUTPUT: jump 2
// OUTPUT: jump 3
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static sigjmp_buf out;

static void handler(int signo)
{
    siglongjmp(out, signo);
}

int main(void)
{
    volatile int n = 0;
    signal(SIGALRM, handler);
    while (n < 3) {
        if (sigsetjmp(out, 1) == 0) {
            alarm(1);
            for (;;)
                pause();
        }
        n++;
        char *text = malloc(16);
        snprintf(text, 16, "jump %d", n);
        puts(text);
        free(text);
    }
    return 0;
}

/* Waits for ever for a flag that nobody sets, or computes for ever with an argument. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argv;
    int *flag = mmap(NULL, sizeof *flag, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile int private = argc;
    if (fork() == 0) {
        while (argc == 1 && !*flag)
            ;
        while (private)
            ;
        exit(0);
    }
    wait(NULL);
    return 0;
}

// A message and a flag, both plain: nothing orders the flag behind the message, for the compiler or for the
// processor.
// RACE: FLAG SPIN
// RACE: TEXT USE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct mail {
    int text;
    volatile int ready;
};

int main(void)
{
    struct mail *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        m->text = 1234; /* TEXT */
        m->ready = 1;   /* FLAG */
        _exit(0);
    }
    while (!m->ready) /* SPIN */
        ;
    printf("got %d\n", m->text); /* USE */
    wait(NULL);
    return 0;
}

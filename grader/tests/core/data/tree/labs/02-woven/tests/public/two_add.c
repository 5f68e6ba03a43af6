/* A parent and its child add to one box. */
#include "box.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The name is that of a helper that a submission may have too. */
int twice(struct box *box)
{
    box_add(box, 1);
    box_add(box, 1);
    return 0;
}

int main(void)
{
    struct box *box = mmap(NULL, sizeof *box, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    box_init(box);
    pid_t child = fork();
    if (child == 0)
        _exit(twice(box));
    twice(box);
    wait(NULL);
    if (box->sum == 4)
        return 0;
    fprintf(stderr, "the sum is %d, not 4\n", box->sum);
    return 1;
}

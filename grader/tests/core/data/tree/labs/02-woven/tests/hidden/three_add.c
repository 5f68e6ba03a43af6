/* A parent and two children add to one box. */
#include "box.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct box *box = mmap(NULL, sizeof *box, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    box_init(box);
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            box_add(box, 10);
            _exit(0);
        }
    box_add(box, 100);
    while (wait(NULL) > 0) {
    }
    if (box->sum == 120)
        return 0;
    fprintf(stderr, "secret: the sum is %d\n", box->sum);
    return 1;
}

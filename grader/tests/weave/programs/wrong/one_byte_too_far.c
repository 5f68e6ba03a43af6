// Each child fills its half of a text with memset; the first one's half is a byte too long.
// RACE: LEFT RIGHT
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HALF = 21 };

int main(void)
{
    char *text = mmap(NULL, 2 * HALF + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t left = fork();
    if (left == 0) {
        memset(text, '<', HALF + 1); /* LEFT */
        _exit(0);
    }
    pid_t right = fork();
    if (right == 0) {
        memset(text + HALF, '>', HALF); /* RIGHT */
        _exit(0);
    }
    if (left < 0 || right < 0)
        return 1;
    while (wait(NULL) > 0)
        ;
    printf("%s\n", text);
    return 0;
}

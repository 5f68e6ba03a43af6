// The parent reads its standard input straight into shared memory, the children work on their halves, and the
// parent writes it from there.
// STDIN: the quick brown fox
// STDIN: jumps over the lazy dog
// OUTPUT: THE QUICK BROWN FOX
// OUTPUT: JUMPS OVER THE LAZY DOG
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM 4096

int main(void)
{
    char *text = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    size_t size = 0;
    ssize_t n;
    while (size < ROOM && (n = read(STDIN_FILENO, text + size, ROOM - size)) != 0) {
        if (n < 0) {
            perror("read");
            return 1;
        }
        size += (size_t)n;
    }
    for (int child = 0; child < 2; child++) {
        size_t from = child ? size / 2 : 0, to = child ? size : size / 2;
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            for (size_t i = from; i < to; i++)
                text[i] = (char)toupper((unsigned char)text[i]);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    return write(STDOUT_FILENO, text, size) != (ssize_t)size;
}

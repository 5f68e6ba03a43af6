// A picture of one byte a point, filled by three processes: each writes every third byte, so that neighbours
// in the same word belong to different ones. That is no race in C11.
// OUTPUT: abcabcabcabcabcabcabcabcabcabc
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    enum { SIZE = 30, PAINTERS = 3 };
    char *image = mmap(NULL, SIZE + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (image == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    memset(image, '.', SIZE);
    image[SIZE] = '\0';
    for (int p = 0; p < PAINTERS; p++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            for (int i = p; i < SIZE; i += PAINTERS)
                if (image[i] == '.')
                    image[i] = (char)('a' + p);
            _exit(0);
        }
    }
    for (int p = 0; p < PAINTERS; p++)
        wait(NULL);
    puts(image);
    return 0;
}

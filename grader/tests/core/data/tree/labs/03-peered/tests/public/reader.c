/* reader WORD: prints the word and, where there is one, what the file `note` holds. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char text[100] = "";
    int fd = open("note", O_RDONLY);
    if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
        return 120;
    printf("%s %s\n", argc > 1 ? argv[1] : "", text);
    return 7;
}

/* note TEXT: writes it to the file `note`, which nobody else may read. */
//: solution
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd = open("note", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (argc != 2 || fd < 0)
        return 1;
    return write(fd, argv[1], strlen(argv[1])) == (ssize_t)strlen(argv[1]) ? 0 : 1;
}
//: skeleton
//| int main(void)
//| {
//|     return 1;
//| }
//: end

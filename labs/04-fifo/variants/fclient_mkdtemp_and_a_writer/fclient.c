#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int talk(const char *path, const char *reply_path, char *text)
{
    struct stat st;
    struct iovec parts[] = {{(char *)reply_path, strlen(reply_path)}, {" ", 1}, {text, strlen(text)}, {"\n", 1}};
    size_t size = parts[0].iov_len + parts[2].iov_len + 2;
    char c = 0;
    if (size > PIPE_BUF || mkfifo(reply_path, 0600) < 0)
        return 1;
    int in = open(reply_path, O_RDONLY | O_NONBLOCK), own = open(reply_path, O_WRONLY);
    int out = in < 0 || own < 0 ? -1 : open(path, O_WRONLY | O_CLOEXEC);
    if (out < 0 || fstat(out, &st) < 0 || !S_ISFIFO(st.st_mode))
        return 1;
    fcntl(in, F_SETFL, fcntl(in, F_GETFL) & ~O_NONBLOCK);
    if (writev(out, parts, 4) != (ssize_t)size)
        return 1;
    while (c != '\n') {
        if (read(in, &c, 1) != 1)
            return 1;
        if (write(STDOUT_FILENO, &c, 1) != 1)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    char folder[] = "./fclient.XXXXXX", reply_path[64];
    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(folder))
        return 1;
    snprintf(reply_path, sizeof reply_path, "%s/reply", folder);
    int status = talk(argv[1], reply_path, argv[2]);
    if (status)
        fprintf(stderr, "fclient: no reply\n");
    unlink(reply_path);
    rmdir(folder);
    return status;
}

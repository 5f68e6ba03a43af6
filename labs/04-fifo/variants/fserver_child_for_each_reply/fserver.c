#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *fifo_to_remove;

static void on_sigterm(int number)
{
    (void)number;
    unlink(fifo_to_remove);
    _exit(0);
}

static int make_fifo(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0) {
        if (!S_ISFIFO(st.st_mode))
            return -1;
        unlink(path);
    }
    mode_t mask = umask(0777);
    int made = mknod(path, S_IFIFO, 0);
    umask(mask);
    return made < 0 ? -1 : chmod(path, 0600);
}

static void answer(char *line, int size)
{
    struct stat st;
    int blank = 0;
    while (blank < size && line[blank] != ' ')
        blank++;
    if (blank == size || blank == 0)
        return;
    line[blank] = 0;
    if (fork() != 0)
        return;
    signal(SIGTERM, SIG_DFL);
    int fd = open(line, O_WRONLY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
        _exit(1);
    for (int i = blank + 1; i < size; i++)
        if (line[i] >= 'a' && line[i] <= 'z')
            line[i] = (char)(line[i] - 'a' + 'A');
    line[size] = '\n';
    write(fd, line + blank + 1, (size_t)(size - blank)) < 0 ? _exit(1) : _exit(0);
}

int main(int argc, char **argv)
{
    static char line[PIPE_BUF + 1];
    int size = 0;
    char c;
    if (argc != 2) {
        fprintf(stderr, "usage: fserver PATH\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    if (make_fifo(argv[1]) < 0) {
        perror(argv[1]);
        return 1;
    }
    fifo_to_remove = argv[1];
    signal(SIGTERM, on_sigterm);
    int hold = open(argv[1], O_RDWR), in = open(argv[1], O_RDONLY);
    if (hold < 0 || in < 0)
        return 1;
    printf("ready\n");
    fflush(stdout);
    while (read(in, &c, 1) == 1) {
        if (c == '\n') {
            if (size < PIPE_BUF)
                answer(line, size);
            size = 0;
        } else if (size < PIPE_BUF) {
            line[size++] = c;
        }
    }
    return 1;
}

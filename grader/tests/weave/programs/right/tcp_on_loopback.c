// TCP on a port that the kernel chooses: the child connects, sends lines, and the parent answers with their
// length. A string in shared memory is written before the last line is sent and read after it has come.
// OUTPUT: lengths 3 5 8, note "client was here"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const lines[] = {"one\n", "three\n", "eighteen\n"};

static int client(struct sockaddr_in to, char *note)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        return 1;
    FILE *out = fdopen(fd, "w");
    if (!out)
        return 1;
    strcpy(note, "client was here");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        fputs(lines[i], out);
    return fclose(out) != 0;
}

int main(void)
{
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof me;
    char *note = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (note == MAP_FAILED || s < 0 || bind(s, (struct sockaddr *)&me, sizeof me) < 0 || listen(s, 1) < 0 ||
        getsockname(s, (struct sockaddr *)&me, &size) < 0) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0)
        exit(client(me, note));
    int c = accept(s, NULL, NULL);
    if (c < 0) {
        perror("accept");
        return 1;
    }
    char text[64];
    size_t have = 0;
    ssize_t n;
    while ((n = recv(c, text + have, sizeof text - 1 - have, 0)) > 0)
        have += (size_t)n;
    text[have] = '\0';
    printf("lengths");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        printf(" %zu", strlen(line));
    printf(", note \"%s\"\n", note);
    int status;
    waitpid(pid, &status, 0);
    return n < 0 || status != 0;
}

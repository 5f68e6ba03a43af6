#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROLE "CHAT_ROLE_REPLIER"

static char Text[(1 << 20) + 2];

static int Put(FILE* f, const char* a, const char* b, size_t n)
{
    uint32_t len = (uint32_t)(strlen(a) + n);
    return fwrite(&len, sizeof len, 1, f) == 1 && fputs(a, f) >= 0 && fwrite(b, 1, n, f) == n && fflush(f) == 0;
}

/* length, -1 at the end, -2 on an error */
static long Get(FILE* f)
{
    uint32_t len;
    size_t k = fread(&len, 1, sizeof len, f);
    if (k == 0 && feof(f)) return -1;
    if (k != sizeof len || len > 1 << 20 || fread(Text, 1, len, f) != len) return -2;
    Text[len] = 0;
    return (long)len;
}

/* The child: its 0 and 1 are the pipes, not the ones of chat. */
static int Replier(void)
{
    long n;
    while ((n = Get(stdin)) >= 0) {
        int bye = !strcmp(Text, "bye"), fine = !strcmp(Text, "How are you");
        const char* head = bye ? "bye" : fine ? "I am fine thank you" : "You said: ";
        if (!Put(stdout, head, Text, bye || fine ? 0 : (size_t)n)) return 1;
        if (bye) return 0;
    }
    return n == -1 ? 0 : 1;
}

static int Complain(const char* what)
{
    fprintf(stderr, "chat: %s\n", what);
    return 1;
}

static int Conversation(FILE* to, FILE* from)
{
    char* line = NULL;
    size_t room = 0;
    int rc = 0, bye = 0;
    ssize_t n;
    while (!rc && !bye && (n = getline(&line, &room, stdin)) > 0) {
        long m;
        if (line[n - 1] == '\n') line[--n] = 0;
        bye = !strcmp(line, "bye");
        if (!Put(to, "", line, (size_t)n)) rc = Complain("the child has gone");
        else if ((m = Get(from)) < 0) rc = Complain("no reply");
        else {
            Text[m] = '\n';
            if (fwrite(Text, 1, (size_t)m + 1, stdout) != (size_t)m + 1 || fflush(stdout)) rc = Complain("cannot print");
        }
    }
    if (!rc && !bye && ferror(stdin)) rc = Complain("cannot read");
    free(line);
    return rc;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv(ROLE)) return Replier();

    char self[PATH_MAX];
    ssize_t k = readlink("/proc/self/exe", self, sizeof self - 1);
    if (k < 0) return Complain("who am I?");
    self[k] = 0;

    int lines[2], replies[2];
    if (pipe2(lines, O_CLOEXEC) || pipe2(replies, O_CLOEXEC)) return Complain("no pipe");
    if (setenv(ROLE, "1", 1)) return Complain("no memory");

    posix_spawn_file_actions_t fa;
    char* argv[] = { "chat", NULL };
    pid_t pid;
    if (posix_spawn_file_actions_init(&fa) || posix_spawn_file_actions_adddup2(&fa, lines[0], 0) ||
        posix_spawn_file_actions_adddup2(&fa, replies[1], 1))
        return Complain("no memory");
    if (posix_spawn(&pid, self, &fa, NULL, argv, environ)) return Complain("no child");
    posix_spawn_file_actions_destroy(&fa);
    close(lines[0]);
    close(replies[1]);

    FILE* to = fdopen(lines[1], "w");
    FILE* from = fdopen(replies[0], "r");
    int rc = to && from ? Conversation(to, from) : Complain("no memory");
    if (to) fclose(to);
    if (from) fclose(from);

    int st;
    if (waitpid(pid, &st, 0) < 0 || st) rc = 1;
    return rc;
}

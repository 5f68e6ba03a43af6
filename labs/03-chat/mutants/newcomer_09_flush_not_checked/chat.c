#include "common.h"
#include "text.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static int replier(int in, int out)
{
    text_t t;
    int r;
    while ((r = hear(in, &t)) == 1) {
        text_t a = { "bye", 3 };
        char *made = NULL;
        int bye = strcmp(t.p, "bye") == 0;
        if (strcmp(t.p, "How are you") == 0)
            a = (text_t){ "I am fine thank you", 19 };
        else if (!bye) {
            int k = asprintf(&made, "You said: %s", t.p);
            if (k < 0) return 1;
            a = (text_t){ made, k };
        }
        int ok = tell(out, a);
        free(made);
        free(t.p);
        if (!ok) return 1;
        if (bye) return 0;
    }
    return r != 0;
}

static int talk(int out, int in)
{
    text_t l = { 0 }, a;
    size_t z = 0;
    ssize_t k;
    int rc = 0, bye = 0;
    while (!rc && !bye && (k = getline(&l.p, &z, stdin)) > 0) {
        l.n = k - (l.p[k - 1] == '\n');
        l.p[l.n] = 0;
        bye = !strcmp(l.p, "bye");
        if (!tell(out, l) || hear(in, &a) != 1) {
            fprintf(stderr, "chat: my child has gone\n");
            rc = 1;
            break;
        }
        if (printf("%s\n", a.p) < 0) perror("chat: stdout"), rc = 1;
        fflush(stdout);
        free(a.p);
    }
    if (ferror(stdin)) perror("chat: stdin"), rc = 1;
    free(l.p);
    return rc;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 4 && !strcmp(argv[1], "--replier")) {
        int in = atoi(argv[2]), out = atoi(argv[3]);
        return replier(in, out);
    }

    int a[2], b[2], st;
    if (pipe(a) || pipe(b)) {
        perror("chat: pipe");
        return 1;
    }
    fcntl(a[1], F_SETFD, FD_CLOEXEC);
    fcntl(b[0], F_SETFD, FD_CLOEXEC);
    char in[16], out[16];
    sprintf(in, "%d", a[0]);
    sprintf(out, "%d", b[1]);
    char self[4096];
    ssize_t k = readlink("/proc/self/exe", self, sizeof self - 1);
    self[k < 0 ? 0 : k] = 0;
    pid_t pid = vfork();
    if (pid < 0) {
        perror("chat: vfork");
        return 1;
    }
    if (pid == 0) {
        execl(self, "chat", "--replier", in, out, (char *)NULL);
        _exit(1);
    }
    close(a[0]);
    close(b[1]);
    int rc = talk(a[1], b[0]);
    close(a[1]);
    close(b[0]);
    if (waitpid(pid, &st, 0) < 0 || st) rc = 1;
    return rc;
}

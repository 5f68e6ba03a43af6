#include "text.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>

static volatile sig_atomic_t f_int, f_term, f_hup, f_alrm, f_usr1;
static void h_int(int s) { (void)s; f_int = 1; }
static void h_term(int s) { (void)s; f_term = 1; }
static void h_hup(int s) { (void)s; f_hup = 1; }
static void h_alrm(int s) { (void)s; f_alrm = 1; }
static void h_usr1(int s) { (void)s; f_usr1 = 1; }

static void set(int s, void (*h)(int))
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = h;
    sigaction(s, &a, NULL);
}

static struct text t;
static char line[2000];
static size_t len;
static int asking;

static void out(const char *s) { if (write(1, s, strlen(s)) < 0) return; }

static int quit(const char *path, int saving) { return saving && text_save(&t, path) < 0 ? 1 : 0; }

int main(int argc, char **argv)
{
    sigset_t b, o;
    char s[100];
    if (argc != 2)
        return 2;
    sigemptyset(&b);
    sigaddset(&b, SIGINT); sigaddset(&b, SIGTERM); sigaddset(&b, SIGHUP); sigaddset(&b, SIGALRM); sigaddset(&b, SIGUSR1);
    sigprocmask(SIG_BLOCK, &b, &o);
    set(SIGINT, h_int); set(SIGTERM, h_term); set(SIGHUP, h_hup); set(SIGALRM, h_alrm); set(SIGUSR1, h_usr1);
    set(SIGPIPE, SIG_IGN);
    if (text_load(&t, argv[1]) < 0)
        return perror(argv[1]), 1;
    out("ready\n");
    for (;;) {
        fd_set r;
        FD_ZERO(&r);
        FD_SET(0, &r);
        int n = pselect(1, &r, NULL, NULL, NULL, &o);
        if (f_term)
            return quit(argv[1], 1);
        if (f_int) {
            f_int = 0;
            if (asking)
                return 130;
            asking = 1;
            out("save before exiting?\n");
        }
        if (f_hup) {
            f_hup = 0;
            if (text_load(&t, argv[1]) < 0)
                return 1;
            snprintf(s, sizeof s, "reloaded %zu\n", t.lines);
            out(s);
        }
        if (f_alrm) {
            f_alrm = 0;
            if (text_save(&t, argv[1]) < 0)
                return 1;
            out("autosaved\n");
        }
        if (f_usr1) {
            f_usr1 = 0;
            snprintf(s, sizeof s, "lines %zu unsaved %zu\n", t.lines, t.unsaved);
            out(s);
        }
        if (n != 1)
            continue;
        char c;
        if (read(0, &c, 1) != 1) {
            if (len && !asking)
                text_add(&t, line, len);
            return quit(argv[1], 1);
        }
        if (c != '\n') {
            if (len < sizeof line)
                line[len++] = c;
            continue;
        }
        if (!asking)
            text_add(&t, line, len);
        else if (len == 1 && (line[0] == 'y' || line[0] == 'n'))
            return quit(argv[1], line[0] == 'y');
        else
            asking = 0;
        len = 0;
    }
}

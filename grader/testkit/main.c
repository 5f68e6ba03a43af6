/*
 * main of a judge.
 *
 * Theory of operation. warden starts one judge for one test, with the control socket at CTL_FD and
 * nothing else that matters. The judge asks who it is, runs that one test through cmocka, and hands in
 * one record, last. Whatever happens, the exit status says nothing about the student: 0 with a record is
 * a verdict, everything else is the grader's own fault.
 *
 * cmocka catches SIGSEGV and its like and calls the test failed. In a judge such a signal is a bug of
 * ours or of the lab's author, so the handlers are taken out again: the judge dies, no record comes,
 * and warden says so.
 */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESERVE_MS 500 /* kept of the time limit, to explain and to record */

extern const struct CMUnitTest tk_tests[];
extern const size_t tk_tests_count;

struct tk_judge *tk_judge(void)
{
    static struct tk_judge judge;
    return &judge;
}

/* ---- HELLO -------------------------------------------------------------------------------------- */

/* The value of a `key value` line, decoded; the line must be there. */
static char *value_of(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        if (!end)
            break;
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            char *value = tk_format("%.*s", (int)(end - line) - (int)length - 1, line + length + 1);
            if (tk_decode_word(value))
                return value;
        }
        line = end + 1;
    }
    tk_error("the supervisor's greeting has no %s", key);
}

static int64_t number_of(const char *text, const char *key, int64_t least)
{
    const char *value = value_of(text, key), *at = value;
    int64_t number = tk_control_number(&at);
    if (*at || number < least)
        tk_error("the supervisor's greeting has %s %.40s", key, value);
    return number;
}

static uint64_t seed_of(const char *text)
{
    const char *value = value_of(text, "seed");
    char *end;
    errno = 0;
    uint64_t seed = strtoull(value, &end, 16);
    if (*end || end == value || errno)
        tk_error("the supervisor's greeting has the seed %.40s", value);
    return seed;
}

static void greet(struct tk_judge *j)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = CTL_HELLO, .proc = -1});
    if (a->error)
        tk_error("the supervisor does not greet: %s", strerror(a->error));
    j->greeting = a->text;
    j->name = value_of(a->text, "name");
    j->seed = seed_of(a->text);
    j->slow = number_of(a->text, "slow", 1);
    j->wall_ms = number_of(a->text, "wall_ms", 1);
    j->output = number_of(a->text, "output", 1);
    j->witness = number_of(a->text, "witness", 0) != 0;
    int64_t reserve = RESERVE_MS * j->slow;
    if (reserve > j->wall_ms / 4)
        reserve = j->wall_ms / 4;
    j->deadline_ns = number_of(a->text, "deadline_ns", 1) - reserve * TK_NS_PER_MS;
    j->greeted = true;
    tk_random_seed(j->seed);
}

const char *tk_program_path(const char *program)
{
    return value_of(tk_judge()->greeting, tk_format("path %s", program));
}

/* ---- one test through cmocka -------------------------------------------------------------------- */

/* What cmocka's callbacks, which have no argument for it, need to know. */
static struct {
    const struct CMUnitTest *test;
    bool returned; /* the test's function came to its end */
    int said;      /* a memfd that holds what cmocka prints about the test, -1 none */
    int out, err;  /* where 1 and 2 went before */
} now = {.said = -1};

static void run_body(void **state)
{
    static const int caught[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
    for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
        signal(caught[i], SIG_DFL);
    now.test->test_func(state);
    now.returned = true;
}

/* cmocka prints why a test failed after its teardown: from here on it is kept, so that an assert of
 * cmocka's own becomes a record, too. */
static int begin_to_listen(void **state)
{
    int result = now.test->teardown_func ? now.test->teardown_func(state) : 0;
    fflush(NULL);
    now.said = memfd_create("cmocka", MFD_CLOEXEC);
    if (now.said >= 0) {
        dup2(now.said, STDOUT_FILENO);
        dup2(now.said, STDERR_FILENO);
    }
    return result;
}

static char *end_to_listen(void)
{
    fflush(NULL);
    dup2(now.out, STDOUT_FILENO);
    dup2(now.err, STDERR_FILENO);
    static char text[8192];
    ssize_t n = now.said < 0 ? 0 : pread(now.said, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (now.said >= 0)
        close(now.said);
    fputs(text, stderr);
    return text;
}

/* The parts of "[  ERROR   ] --- WHAT\n" and "[   LINE   ] --- FILE:LINE: error: …\n". */
static void read_cmocka(char *text, struct tk_failure *f)
{
    static const char error_mark[] = "[  ERROR   ] --- ", line_mark[] = "[   LINE   ] --- ";
    struct tk_text what = {0};
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *after = strstr(line, ": error: ");
        if (strncmp(line, error_mark, strlen(error_mark)) == 0) {
            tk_text_print(&what, "%s%s", what.size ? "; " : "", line + strlen(error_mark));
        } else if (strncmp(line, line_mark, strlen(line_mark)) == 0 && after) {
            *after = '\0';
            char *colon = strrchr(line, ':');
            if (colon) {
                *colon = '\0';
                f->file = line + strlen(line_mark);
                f->line = atoi(colon + 1);
            }
        }
    }
    f->message = what.size ? tk_format("an assert failed: %s", what.data) : "an assert failed";
}

static void settle_verdict(struct tk_judge *j, int failed, char *said)
{
    struct tk_failure f = {0};
    if (j->record.set)
        return;
    if (now.returned && failed == 0) {
        tk_record_pass();
    } else if (now.returned) {
        tk_record_error(
            "the test ended well, but cmocka found a fault in the test itself (its teardown, or memory)");
    } else if (failed == 0) {
        tk_record_error("the test skipped itself: leave it out of the suite instead");
    } else if (now.said < 0) {
        tk_record_error("the test's setup failed, or cmocka's message was lost");
    } else {
        read_cmocka(said, &f);
        tk_record_failure(&f);
    }
}

static void run_one(struct tk_judge *j, const struct CMUnitTest *test)
{
    struct CMUnitTest wrapped = *test;
    now.test = test;
    now.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    now.err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    if (now.out < 0 || now.err < 0)
        tk_error("fcntl: %s", strerror(errno));
    wrapped.test_func = run_body;
    wrapped.teardown_func = begin_to_listen;
    /* The environment chooses a form of output over us, and a form that is not ours to read. */
    unsetenv("CMOCKA_MESSAGE_OUTPUT");
    unsetenv("CMOCKA_XML_FILE");
    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    j->in_test = true;
    int failed = _cmocka_run_group_tests(j->name, &wrapped, 1, NULL, NULL);
    j->in_test = false;
    settle_verdict(j, failed, end_to_listen());
}

/* ---- main --------------------------------------------------------------------------------------- */

static void check_control_socket(void)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(CTL_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
        return;
    fprintf(stderr, "this is a judge with %zu tests: warden starts it, with a socket at descriptor %d\n",
            tk_tests_count, CTL_FD);
    exit(2);
}

int main(void)
{
    struct tk_judge *j = tk_judge();
    check_control_socket();
    fcntl(CTL_FD, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* cmocka's own words are for the lab's author */
    greet(j);
    const struct CMUnitTest *test = NULL;
    for (size_t i = 0; i < tk_tests_count; i++)
        if (strcmp(tk_tests[i].name, j->name) == 0)
            test = &tk_tests[i];
    if (!test)
        tk_error("this judge has no test %s", j->name);
    run_one(j, test);
    tk_leave(0);
}

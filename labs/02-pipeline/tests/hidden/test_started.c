/* What pipeline was started with, and what the stages find of it. */
#include "../public/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const int numbers[] = {3, 7, 40, -1};

TK_TEST(inherited_descriptors_reach_every_stage)
{
    struct line l = {0};
    int ends[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
        tk_error("cannot make what is to be inherited: %s", strerror(errno));
    const int fds[] = {ends[0], null, ends[1], -1};
    const char *tokens[2];
    for (int i = 0; i < 2; i++) {
        tokens[i] = new_token();
        stage(&l, "tell", tokens[i], NULL);
    }
    tk_process *p = tk_spawn(&(struct tk_how){
        .program = "pipeline", .args = l.args, .in = TK_NULL, .fds = fds, .fd_numbers = numbers});
    tk_bytes out = tk_receive_all(p);
    tk_hint("In the child close the ends of your own pipes, each by its number, and nothing else: what was "
            "open before is somebody else's.");
    for (size_t i = 0; i < 2; i++) {
        struct report r = need_report(p, out, tokens[i], stage_name(i));
        tk_cause("inherited_descriptor_lost");
        for (int k = 0; k < 3; k++)
            tk_assert(is_object(fd_of(&r, numbers[k]), tk_object(fds[k])),
                      "descriptor %d, with which pipeline was started, is not open in %s, or is something "
                      "else there",
                      numbers[k], stage_name(i));
        tk_cause(NULL);
    }
    tk_assert_exit(p, 0);
}

/* ---- closed from the start
 * ---------------------------------------------------------------------------------- */

enum { TELLING = 3 };

/* Reads until the reports are there, whole. A program may print to its stderr what it likes besides. */
static tk_bytes receive_reports(tk_pipe *from, const char *const *tokens)
{
    static const char what[] = "what the 3 stages tell, through the last one";
    const size_t size = (size_t)TELLING * REPORT_SIZE, most = 4 * size;
    tk_bytes first = tk_pipe_receive(from, size, what), told = tk_zeros(most);
    memcpy(told.data, first.data, size);
    told.size = size;
    for (size_t found = 0; found < TELLING && told.size < most - 1;) {
        told.data[told.size] = '\0';
        const char *at = memmem(told.data, told.size, tokens[found], strlen(tokens[found]));
        if (at && strstr(at, "\nend\n"))
            found++;
        else
            told.data[told.size++] = tk_pipe_receive(from, 1, what).data[0];
    }
    return told;
}

/* Stages that tell; the last one on stderr, so that it needs no stdout. Returns what all of them tell. */
static tk_bytes tell_on_stderr(bool in, bool out, const char *const *tokens)
{
    struct line l = {0};
    stage(&l, "tell", tokens[0], NULL);
    stage(&l, "tell", tokens[1], NULL);
    stage(&l, "warn", tokens[2], NULL);
    tk_pipe *err = tk_pipe_from();
    const int fds[] = {tk_pipe_theirs(err), -1}, number[] = {STDERR_FILENO, -1};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "pipeline",
                                              .args = l.args,
                                              .in = in ? TK_CLOSED : TK_NULL,
                                              .out = out ? TK_CLOSED : TK_NULL,
                                              .fds = fds,
                                              .fd_numbers = number});
    tk_pipe_given(err, p);
    tk_bytes told = receive_reports(err, tokens);
    tk_wait(p);
    return told;
}

/* With nothing open at all the last one tells into a file, which is whole when pipeline has ended. */
static tk_bytes tell_into_a_file(const char *const *tokens)
{
    static const char *const show[] = {"show", "told", NULL};
    struct line l = {0};
    stage(&l, "tell", tokens[0], NULL);
    stage(&l, "tell", tokens[1], NULL);
    stage(&l, "save", "told", tokens[2], NULL);
    tk_wait(tk_spawn(&(struct tk_how){
        .program = "pipeline", .args = l.args, .in = TK_CLOSED, .out = TK_CLOSED, .err = TK_CLOSED}));
    return tk_receive_all(tk_spawn(&(struct tk_how){.program = "stage", .args = show, .in = TK_NULL}));
}

static void assert_no_pipe(const struct report *r, int number, const char *name)
{
    tk_cause("standard_descriptor_is_a_stray_pipe");
    tk_assert(!is_pipe(fd_of(r, number)),
              "descriptor %d was closed when pipeline was started; in %s it is the end of a pipe", number,
              name);
    tk_cause(NULL);
}

static void assert_works_with_closed(bool in, bool out, bool err)
{
    const char *tokens[TELLING];
    struct report r[TELLING];
    for (size_t i = 0; i < TELLING; i++)
        tokens[i] = new_token();
    tk_hint(
        "With 0 closed pipe() returns 0: dup2(0, 0) does nothing then, and a close() after it, or the mark "
        "O_CLOEXEC, takes it away again. Occupy 0, 1 and 2 first, or move the ends above 2.");
    tk_bytes told = err ? tell_into_a_file(tokens) : tell_on_stderr(in, out, tokens);
    for (size_t i = TELLING; i-- > 0;)
        tk_assert(find_report(told, tokens[i], &r[i]),
                  "what %s of 3 tells does not arrive at the last one when %s", stage_name(i),
                  err  ? "0, 1 and 2 are closed from the start"
                  : in ? "stdin is closed from the start"
                       : "stdout is closed from the start");
    assert_joined(r, TELLING, NULL, NULL);
    if (in)
        assert_no_pipe(&r[0], 0, "stage 1");
    if (out)
        assert_no_pipe(&r[TELLING - 1], 1, "stage 3");
    for (size_t i = 0; err && i < TELLING; i++)
        assert_no_pipe(&r[i], 2, stage_name(i));
}

/* The parent must not keep an end either, whatever its number is. */
static void assert_endless_ends(enum tk_end in)
{
    struct line l = {0};
    stage(&l, "endless", NULL);
    stage(&l, "take", "10", NULL);
    tk_wait(run(&l, in));
}

TK_TEST(stdin_may_be_closed)
{
    assert_works_with_closed(true, false, false);
    assert_endless_ends(TK_CLOSED);
}

TK_TEST(stdout_may_be_closed)
{
    assert_works_with_closed(false, true, false);
}

TK_TEST(all_three_may_be_closed)
{
    assert_works_with_closed(true, true, true);
}

/* ---- everything else
 * ------------------------------------------------------------------------------------------- */

/* What the peer tells when it is started by the test itself. */
static tk_bytes told_directly(const char *what, const char *token)
{
    const char *const args[] = {what, token, NULL};
    return tk_receive_all(tk_spawn(&(struct tk_how){.program = "stage", .args = args, .in = TK_NULL}));
}

/* Two stages tell the same as that one does. */
static void assert_same(const char *what, const char *cause)
{
    const char *tokens[] = {new_token(), new_token()};
    struct line l = {0};
    stage(&l, what, tokens[0], NULL);
    stage(&l, what, tokens[1], NULL);
    tk_bytes second = told_directly(what, tokens[1]), first = told_directly(what, tokens[0]);
    tk_bytes both = tk_join(second, first);
    tk_cause(cause);
    tk_assert_bytes(tk_receive_all(run(&l, TK_NULL)), both.data, both.size,
                    "what stage 2 finds, and stage 1 after it");
    tk_cause(NULL);
}

TK_TEST(signals_stay_as_they_were)
{
    const char *token = new_token();
    char expected[100];
    struct line l = {0};
    tk_hint("What is ignored or blocked stays so across fork() and exec. If you change that for pipeline "
            "itself, change it back in the child, to what it was and not to something else.");
    assert_same("signals", "signals_changed");
    /* started with SIGPIPE ignored and SIGUSR2 blocked */
    add_word(&l, "ignoring");
    add_word(&l, tk_program_path("pipeline"));
    add_word(&l, tk_program_path("stage"));
    add_word(&l, "signals");
    add_word(&l, token);
    tk_bytes out =
        tk_receive_all(tk_spawn(&(struct tk_how){.program = "stage", .args = l.args, .in = TK_NULL}));
    snprintf(expected, sizeof expected, "signals %s\nignored 13\nblocked 12\nend\n", token);
    tk_cause("signals_changed");
    tk_assert_bytes(out, expected, strlen(expected), "what the command finds ignored and blocked");
}

TK_TEST(the_rest_stays_as_it_was)
{
    tk_hint("execvp() hands on the environment as it is. No chdir(), umask() or putenv() on the way.");
    assert_same("state", "surroundings_changed");
}

TK_SUITE(tk_test(inherited_descriptors_reach_every_stage), tk_test(stdin_may_be_closed),
         tk_test(stdout_may_be_closed), tk_test(all_three_may_be_closed), tk_test(signals_stay_as_they_were),
         tk_test(the_rest_stays_as_it_was))

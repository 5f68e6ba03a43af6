/* What the command line says: arguments, and wrong usage. */
#include "../public/staging.h"

/* Runs a stage with these arguments, and compares what it has got. */
static void assert_arguments(const char *const *arguments, size_t count)
{
    struct line l = {0};
    const char *token = new_token();
    size_t size = 100;
    for (size_t i = 0; i < count; i++)
        size += strlen(arguments[i]) + 30;
    char *expected = (char *)tk_zeros(size).data;
    int at = snprintf(expected, size, "arguments %s %zu\n", token, count);
    stage(&l, "arguments", token, NULL);
    for (size_t i = 0; i < count; i++) {
        add_word(&l, arguments[i]);
        at += snprintf(expected + at, size - (size_t)at, "arg %zu:%s\n", strlen(arguments[i]), arguments[i]);
    }
    at += snprintf(expected + at, size - (size_t)at, "end\n");
    tk_cause("arguments_changed");
    tk_assert_bytes(tk_receive_all(run(&l, TK_NULL)), expected, (size_t)at,
                    "what the command tells of its arguments");
    tk_cause(NULL);
}

TK_TEST(one_gets_its_arguments_unchanged)
{
    static const char *const arguments[] = {
        "",   " ",   "two words", "  ",  "*",   "$HOME", "`ls`",         "\"quoted\"", "'",  "\\n", "a;b",
        "|",  ">",   "-",         "---", "-- ", " --",   "--long=value", "%s%n",       "\n", "\t",  "",
        "-l", "a\b", "\x80\xff",  "~",   "#",   "&",     "{}",           "=",          "@"};
    tk_hint("Give execvp() the pointers of argv as they are. Only an argument that is exactly \"--\" "
            "separates.");
    assert_arguments(arguments, sizeof arguments / sizeof *arguments);
}

/* More than a judge may give: the peer makes them, and executes pipeline with them. */
TK_TEST(one_takes_many_arguments)
{
    enum { COUNT = 5000, ROOM = 20 * COUNT };
    const char *token = new_token(), *self = tk_program_path("stage");
    const char *args[] = {"filling", "5000", tk_program_path("pipeline"), self, "arguments", token, NULL};
    char *expected = (char *)tk_zeros(ROOM).data;
    int at = snprintf(expected, ROOM, "arguments %s %d\n", token, COUNT);
    for (int i = 1; i <= COUNT; i++)
        at += snprintf(expected + at, (size_t)(ROOM - at), "arg %d:%d\n", snprintf(NULL, 0, "%d", i), i);
    at += snprintf(expected + at, (size_t)(ROOM - at), "end\n");
    tk_process *p = tk_spawn(&(struct tk_how){.program = "stage", .args = args, .in = TK_NULL});
    tk_hint("There are no more arguments than argc says: an array of a fixed size is too small for some "
            "command line. argv itself can serve as the list.");
    tk_cause("arguments_changed");
    tk_assert_bytes(tk_receive_all(p), expected, (size_t)at, "what the command tells of its 5000 arguments");
}

/* ---- wrong usage ------------------------------------------------------------------------------------------
 */

static void assert_refused(const struct line *l, const char *what)
{
    tk_process *p = run(l, TK_NULL);
    tk_bytes out = tk_receive_all(p);
    int status = tk_wait(p);
    tk_hint("Look through the whole command line before you make the first pipe or child. Then a message on "
            "stderr and exit status 2.");
    tk_assert_bytes(out, "", 0, "what came on stdout of pipeline");
    tk_cause("wrong_usage_not_refused");
    tk_assert(executed(p) == 0, "for %s pipeline executes %d programs", what, (int)executed(p));
    if (status != 2 << 8)
        tk_fail("for %s pipeline %s; it should exit with 2", what, tk_describe_status(status));
    tk_cause(NULL);
}

TK_TEST(refuses_an_empty_stage)
{
    struct line none = {0}, bar = {0}, first = {0}, last = {0}, middle = {0};
    assert_refused(&none, "a line without any command");
    add_word(&bar, "--");
    assert_refused(&bar, "a line that is \"--\" alone");
    add_word(&first, "--");
    add_word(&first, tk_program_path("stage"));
    add_word(&first, "copy");
    assert_refused(&first, "a line that begins with \"--\"");
    stage(&last, "copy", NULL);
    add_word(&last, "--");
    assert_refused(&last, "a line that ends with \"--\"");
    stage(&middle, "copy", NULL);
    add_word(&middle, "--");
    stage(&middle, "copy", NULL);
    assert_refused(&middle, "a line with \"-- --\"");
}

TK_TEST(refuses_21_stages)
{
    struct line l = {0};
    for (int i = 0; i < 21; i++)
        stage(&l, "copy", NULL);
    assert_refused(&l, "a line of 21 stages");
}

TK_SUITE(tk_test(one_gets_its_arguments_unchanged), tk_test(one_takes_many_arguments),
         tk_test(refuses_an_empty_stage), tk_test(refuses_21_stages))

/* editor on a terminal, whose keys send signals. */
#include "../public/editing.h"

static tk_process *start_on_terminal(const char *path)
{
    const char *const args[] = {tk_program_path("editor"), path, NULL};
    tk_process *t = tk_spawn(&(struct tk_how){.program = "terminal", .args = args});
    assert_line(tk_receive_line(t, "the first line of editor"), "ready", "the first line of editor");
    return t;
}

/* What is typed, and the line that it should make come out. */
static void assert_shown(tk_process *t, const char *typed, const char *expected, const char *what)
{
    if (*typed)
        tk_send(t, typed, strlen(typed));
    assert_line(tk_receive_line(t, what), expected, what);
}

TK_TEST(editor_hears_ctrl_c)
{
    tk_process *t = start_on_terminal(tk_random_name("notes"));
    assert_shown(t, "\003", QUESTION, "the answer to Ctrl+C");
    assert_shown(t, "y\n", "ended by exit 0", "what follows on the answer y");

    t = start_on_terminal(tk_random_name("notes"));
    assert_shown(t, "\003", QUESTION, "the answer to Ctrl+C");
    tk_send(t, "\003", 1);
    tk_bytes end = tk_receive_line(t, "what follows on a second Ctrl+C");
    tk_assert(tk_same(end, tk_bytes_of("ended by exit 130\n")) ||
                  tk_same(end, tk_bytes_of("ended by signal 2\n")),
              "after a second Ctrl+C: %s", end.data);
}

TK_SUITE(tk_test(editor_hears_ctrl_c))

/* editor: lines that come in, and FILE. */
#include "../public/editing.h"

TK_TEST(editor_loads_the_file)
{
    const char *path = tk_random_name("notes");
    tk_bytes old = random_lines(3), more = random_lines(1);
    put_file(path, tk_copy(old.data, old.size - 1)); /* no newline at its end */
    tk_process *p = ready_editor(path);
    assert_status(p, 3, 0);
    type(p, more);
    assert_status(p, 4, 1);
    assert_saves_at_the_end(p);
    assert_file(path, tk_join(old, more),
                "which had three lines, the last without a newline, and got one more");

    p = ready_editor(tk_random_name("notes"));
    assert_status(p, 0, 0);
}

/* Any bytes but newline and NUL. */
static tk_bytes odd_line(void)
{
    tk_bytes b = tk_random_bytes(600);
    for (size_t i = 0; i < b.size; i++)
        if (b.data[i] == '\n' || !b.data[i])
            b.data[i] = 0xff;
    b.data[b.size - 1] = '\n';
    return b;
}

TK_TEST(editor_takes_lines_in_pieces)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes odd = odd_line(), many = random_lines(20),
             all = tk_bytes_of("half and half\nwhole\nbegun, ended\n");
    tk_hint(
        "A line counts when its newline has come. fgets() and getline() lose what they have of a line when a "
        "signal interrupts them.");
    type_word(p, "half");
    assert_status(p, 0, 0);
    paste(p, tk_bytes_of(" and half\nwhole\nbegun,"));
    assert_status(p, 2, 2);
    type_word(p, " ended\n");
    assert_status(p, 3, 3);
    tk_hint("read() may bring many lines at once. fgets() and getline() keep the further ones in a buffer of "
            "their "
            "own, which poll() cannot see.");
    paste(p, many);
    assert_status(p, 23, 23);
    type(p, odd);
    assert_status(p, 24, 24);
    tk_hint("What has come after the last newline is a line too.");
    type_word(p, "the last one");
    assert_saves_at_the_end(p);
    all = tk_join(tk_join(all, many), tk_join(odd, tk_bytes_of("the last one\n")));
    assert_file(path, all, "after lines that came in pieces");
}

TK_TEST(editor_reloads)
{
    const char *path = tk_random_name("notes");
    tk_bytes old = random_lines(3), new = random_lines(5);
    put_file(path, old);
    tk_process *p = ready_editor(path);
    type(p, random_lines(1));
    assert_answer(p, SIGHUP, "reloaded 3");
    assert_status(p, 3, 0);
    put_file(path, new);
    type(p, random_lines(1));
    assert_answer(p, SIGHUP, "reloaded 5");
    change_files("remove", path);
    assert_answer(p, SIGHUP, "reloaded 0");
    put_file(path, new);
    assert_answer(p, SIGHUP, "reloaded 5");
    assert_saves_at_the_end(p);
    assert_file(path, new, "after it was reloaded");
}

static void assert_refuses(const char *const *args)
{
    tk_process *p = tk_spawn(&(struct tk_how){.program = "editor", .args = args, .in = TK_NULL});
    tk_hint("With a number of arguments other than one: exit with 2, as main does from the start.");
    tk_assert_exit(p, 2);
}

TK_TEST(editor_reports_failures)
{
    const char *const none[] = {NULL}, *const two[] = {"one", "two", NULL};
    const char *folder = tk_random_name("folder");
    assert_refuses(none);
    assert_refuses(two);

    change_files("folder", folder);
    tk_process *p = start_editor(folder, NULL);
    tk_hint("If text_load() fails: a message on stderr, no \"ready\", exit status 1.");
    tk_cause("error_ignored");
    tk_assert_eof(p);
    tk_assert_exit(p, 1);

    p = ready_editor(tk_string("%s/notes", tk_random_name("nowhere")));
    type(p, random_lines(1));
    tk_hint("If text_save() fails: a message on stderr, exit status 1.");
    tk_settles(p);
    tk_signal_to_end(p, SIGTERM);
    tk_assert_exit(p, 1);
}

TK_SUITE(tk_test(editor_loads_the_file), tk_test(editor_takes_lines_in_pieces), tk_test(editor_reloads),
         tk_test(editor_reports_failures))

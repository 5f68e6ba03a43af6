#include "editing.h"

TK_TEST(editor_saves_at_the_end_of_input)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes lines = random_lines(3);
    type(p, lines);
    assert_saves_at_the_end(p);
    assert_file(path, lines, "after the end of input");
}

TK_TEST(editor_tells_its_status)
{
    tk_process *p = ready_editor(tk_random_name("notes"));
    type(p, random_lines(2));
    assert_status(p, 2, 2);
    type(p, random_lines(1));
    assert_status(p, 3, 3);
    assert_status(p, 3, 3);
}

TK_TEST(editor_saves_on_sigterm)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes lines = random_lines(2);
    type(p, lines);
    assert_terminates(p, 0);
    assert_file(path, lines, "after SIGTERM");
}

TK_TEST(editor_autosaves)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes lines = random_lines(3), more = random_lines(2);
    type(p, lines);
    assert_answer(p, SIGALRM, "autosaved");
    assert_file(path, lines, "after SIGALRM");
    assert_status(p, 3, 0);
    type(p, more);
    assert_status(p, 5, 2);
    assert_answer(p, SIGALRM, "autosaved");
    assert_file(path, tk_join(lines, more), "after the second SIGALRM");
}

TK_TEST(editor_asks_before_exiting)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes lines = random_lines(2);
    type(p, lines);
    assert_asks(p);
    type_word(p, "y\n");
    assert_ends(p, 0, "though the answer was y");
    assert_file(path, lines, "after the answer y");
}

TK_SUITE(tk_test(editor_saves_at_the_end_of_input), tk_test(editor_tells_its_status),
         tk_test(editor_saves_on_sigterm), tk_test(editor_autosaves), tk_test(editor_asks_before_exiting))

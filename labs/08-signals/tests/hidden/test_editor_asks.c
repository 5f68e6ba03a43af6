/* editor: the question, and its answers. */
#include "../public/editing.h"

TK_TEST(editor_discards_on_no)
{
    const char *path = tk_random_name("notes");
    tk_bytes old = random_lines(2);
    put_file(path, old);
    tk_process *p = ready_editor(path);
    type(p, random_lines(2));
    assert_asks(p);
    type_word(p, "n\n");
    assert_ends(p, 0, "though the answer was n");
    assert_not_saved(path, old, "after the answer n");
}

TK_TEST(editor_goes_on_after_another_answer)
{
    static const char *const others[] = {"not now\n", "\n"};
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes all = random_lines(1), line;
    type(p, all);
    for (int i = 0; i < 2; i++) {
        tk_hint("Any answer closes the question: the next SIGINT is a first one again, and asks.");
        assert_asks(p);
        tk_hint("The answer is no line of the text.");
        type_word(p, others[i]);
        assert_status(p, i + 1, i + 1);
        tk_hint("Any answer closes the question: the line after it is a line of the text.");
        line = random_lines(1);
        type(p, line);
        assert_status(p, i + 2, i + 2);
        all = tk_join(all, line);
    }
    tk_hint("Any answer closes the question: y, where nobody has asked, is a line of the text.");
    type_word(p, "y\n");
    assert_status(p, 4, 4);
    tk_hint("Any answer closes the question: the next SIGINT is a first one again, and asks.");
    assert_asks(p);
    type_word(p, "y\n");
    assert_ends(p, 0, "though the answer was y");
    assert_file(path, tk_join(all, tk_bytes_of("y\n")), "after the answer y");
}

TK_TEST(editor_leaves_on_a_second_sigint)
{
    const char *path = tk_random_name("notes");
    tk_bytes old = random_lines(2);
    put_file(path, old);
    tk_process *p = ready_editor(path);
    type(p, random_lines(2));
    assert_asks(p);
    notify_to(p, SIGINT, true);
    tk_assert(tk_output_comes(p), "a second SIGINT has come, and editor goes on waiting");
    tk_assert_eof(p);
    const int status = tk_wait(p);
    tk_assert((WIFEXITED(status) && WEXITSTATUS(status) == 130) ||
                  (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT),
              "after a second SIGINT editor %s, not with 130", tk_describe_status(status));
    assert_not_saved(path, old, "after a second SIGINT");
}

TK_TEST(editor_obeys_while_it_asks)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes lines = random_lines(2);
    type(p, lines);
    assert_asks(p);
    assert_status(p, 2, 2);
    assert_answer(p, SIGALRM, "autosaved");
    tk_hint("The question stays open when another signal comes: the next line is its answer.");
    type_word(p, "n\n");
    assert_ends(p, 0, "though the answer was n");
    assert_file(path, lines, "after SIGALRM while the question was open");

    path = tk_random_name("notes");
    p = ready_editor(path);
    type(p, lines);
    assert_asks(p);
    tk_hint("At the end of input editor saves, even if the question is open.");
    assert_saves_at_the_end(p);
    assert_file(path, lines, "after the end of input while the question was open");

    path = tk_random_name("notes");
    p = ready_editor(path);
    type(p, lines);
    assert_asks(p);
    tk_hint("SIGTERM saves, even if the question is open.");
    assert_terminates(p, 0);
    assert_file(path, lines, "after SIGTERM while the question was open");
}

TK_SUITE(tk_test(editor_discards_on_no), tk_test(editor_goes_on_after_another_answer),
         tk_test(editor_leaves_on_a_second_sigint), tk_test(editor_obeys_while_it_asks))

/* Commands joined by pipes. */
#include "staging.h"

TK_TEST(two_are_joined_by_a_pipe)
{
    struct line l = {0};
    const char *tokens[] = {new_token(), new_token()};
    stage(&l, "tell", tokens[0], NULL);
    stage(&l, "tell", tokens[1], NULL);
    tk_process *p = run(&l, TK_PIPE);
    const char *in = tk_object(tk_stdin_fd(p)), *to = tk_object(tk_stdout_fd(p));
    tk_close_stdin(p);
    tk_bytes out = tk_receive_all(p);
    struct report r[2];
    r[1] = need_report(p, out, tokens[1], "stage 2");
    assert_child(p, &r[1], "stage 2");
    hint_at_dup2();
    assert_end(fd_of(&r[1], 0), false, in, "stage 2"); /* else what stage 1 tells cannot have come */
    r[0] = need_report(p, out, tokens[0], "stage 1");
    assert_child(p, &r[0], "stage 1");
    assert_joined(r, 2, in, to);
    assert_executed(p, 2);
}

TK_TEST(two_get_their_own_arguments)
{
    struct line l = {0};
    char expected[200];
    const char *tokens[] = {new_token(), new_token()};
    stage(&l, "arguments", tokens[0], "first", "of_the_first", NULL);
    stage(&l, "arguments", tokens[1], "second", NULL);
    snprintf(expected, sizeof expected,
             "arguments %s 1\narg 6:second\nend\narguments %s 2\narg 5:first\narg 12:of_the_first\nend\n",
             tokens[1], tokens[0]);
    tk_hint("The argument list of a stage ends at its \"--\": there has to be a NULL in its place. The next "
            "list begins right after it.");
    tk_cause("arguments_changed");
    tk_assert_bytes(tk_receive_all(run(&l, TK_NULL)), expected, strlen(expected),
                    "what the two stages tell of their arguments, the second one first");
}

TK_TEST(two_count_lines)
{
    static const char text[] = "one line\nanother one\n\nthe fourth line, of six words\nlast\n";
    struct line l = {0};
    command(&l, "cat", NULL);
    command(&l, "wc", "-l", NULL);
    tk_process *p = run(&l, TK_PIPE);
    tk_bytes out = tk_exchange(p, text, sizeof text - 1);
    tk_assert(out.size > 0, "pipeline cat -- wc -l has printed nothing");
    tk_assert_int(atoi((const char *)out.data), 5, "the number that pipeline cat -- wc -l prints");
    tk_assert_exit(p, 0);
}

TK_TEST(three_carry_200_kb)
{
    struct line l = {0};
    tk_bytes data = tk_random_bytes(200000);
    for (int i = 0; i < 3; i++)
        stage(&l, "copy", NULL);
    tk_process *p = run(&l, TK_PIPE);
    tk_bytes out = tk_exchange(p, data.data, data.size);
    tk_assert_bytes(out, data.data, data.size, "what came through three stages that copy");
    tk_assert_exit(p, 0);
}

TK_TEST(an_endless_first_stage_ends)
{
    struct line l = {0};
    char expected[100001];
    for (int i = 0; i < 100000; i++)
        expected[i] = i % 2 ? '\n' : 'y';
    stage(&l, "endless", NULL);
    stage(&l, "take", "100000", NULL);
    tk_process *p = run(&l, TK_NULL);
    tk_assert_bytes(tk_receive_all(p), expected, 100000, "what the second stage takes of the first one's");
    tk_wait(p); /* with which status: the_last_stage_gives_the_status */
}

TK_SUITE(tk_test(two_are_joined_by_a_pipe), tk_test(two_get_their_own_arguments), tk_test(two_count_lines),
         tk_test(three_carry_200_kb), tk_test(an_endless_first_stage_ends))

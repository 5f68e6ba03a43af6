/* A suite for a warden that lies (../fake_warden.py): each test makes one request. */
#include "testkit.h"

#include <stdlib.h>

static tk_process *start(void)
{
    return tk_start("student");
}

TK_TEST(nothing)
{
}

TK_TEST(waits)
{
    tk_wait(start());
}

TK_TEST(receives)
{
    tk_receive(start(), 1, "a byte");
}

TK_TEST(looks_at_fds)
{
    struct tk_fds fds = tk_fds(start());
    tk_assert(fds.count == 2 && fds.list[1].number == 7 && fds.list[1].readable && fds.list[1].writable, "fds");
    assert_string_equal(fds.list[1].object, "/tmp/a b%");
}

TK_TEST(looks_at_children)
{
    struct tk_children c = tk_children(start());
    tk_assert(c.count == 1 && c.list[0].pid == 12 && c.list[0].state == 'Z', "children");
    assert_string_equal(c.list[0].name, "a(b c");
}

TK_TEST(counts_calls)
{
    tk_assert_int((int64_t)tk_calls(start(), "pipe"), 5, "pipes");
}

TK_TEST(looks_at_flows)
{
    struct tk_flows f = tk_flows(start());
    tk_assert(f.count == 2 && !f.list[0].write && f.list[1].write && f.list[1].pid == 9, "flows");
}

TK_TEST(spawns_with_words)
{
    const char *args[] = {"", "a b", "100%\n", NULL};
    tk_spawn(&(struct tk_how){
        .program = "p q", .args = args, .in = TK_NULL, .out = TK_CLOSED, .err = TK_NULL, .watch_data = true});
}

TK_SUITE(tk_test(nothing), tk_test(waits), tk_test(receives), tk_test(looks_at_fds), tk_test(looks_at_children),
         tk_test(counts_calls), tk_test(looks_at_flows), tk_test(spawns_with_words))

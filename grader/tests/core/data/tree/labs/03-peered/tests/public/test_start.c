#include "testkit.h"

TK_TEST(start_executes)
{
    const char *const args[] = {tk_program_path("reader"), "hello", NULL};
    tk_process *start = tk_spawn(&(struct tk_how){.program = "start", .args = args});
    tk_assert_bytes(tk_exchange(start, "", 0), "hello \n", 7, "what the started program printed");
    tk_assert_exit(start, 7);
}

TK_TEST(note_is_read)
{
    const char *const text[] = {"mine", NULL}, *const word[] = {"read", NULL};
    const char *const start[] = {tk_program_path("reader"), "started", NULL};
    tk_assert_exit(tk_spawn(&(struct tk_how){.program = "note", .args = text}), 0);
    tk_process *reader = tk_spawn(&(struct tk_how){.program = "reader", .args = word});
    tk_assert_bytes(tk_exchange(reader, "", 0), "read mine\n", 10, "what the peer read");
    tk_assert_exit(reader, 7);
    tk_process *started = tk_spawn(&(struct tk_how){.program = "start", .args = start});
    tk_assert_bytes(tk_exchange(started, "", 0), "started mine\n", 13,
                    "what the peer that start started read");
    tk_assert_exit(started, 7);
}

TK_SUITE(tk_test(start_executes), tk_test(note_is_read))

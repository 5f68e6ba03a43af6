/* Which bytes come through, and when. */
#include "testkit.h"

static void assert_copies(tk_bytes data, const struct tk_fault *faults)
{
    tk_process *relay = tk_spawn(&(struct tk_how){.program = "relay", .faults = faults});
    tk_bytes out = tk_exchange(relay, data.data, data.size);
    tk_assert_bytes(out, data.data, data.size, "what relay printed");
    tk_wait(relay);
}

TK_TEST(relay_keeps_every_byte_value)
{
    tk_cause("bytes_lost");
    assert_copies(tk_random_bytes(512), NULL);
}

TK_TEST(relay_copies_200_kb)
{
    assert_copies(tk_random_text(tk_is_slow() ? 20000 : 200000, TK_WORD), NULL);
}

TK_TEST(relay_takes_input_in_pieces)
{
    tk_process *relay = tk_start("relay");
    tk_cause("message_boundaries_assumed");
    for (int i = 0; i < 3; i++) {
        tk_bytes piece = tk_random_text(20, TK_WORD);
        tk_send(relay, piece.data, piece.size);
        /* No sleep: it has taken the piece as soon as it waits for the next one. */
        tk_assert_bytes(tk_receive(relay, piece.size, "a piece"), piece.data, piece.size, "a piece");
    }
    tk_close_stdin(relay);
    tk_assert_eof(relay);
    tk_wait(relay);
}

TK_TEST(relay_hands_on_at_once)
{
    tk_process *relay = tk_start("relay");
    tk_send(relay, "x", 1);
    tk_settles(relay);
    tk_cause("stdout_not_flushed");
    tk_assert(tk_output_comes(relay), "relay has read a byte and waits for more, but has not printed it");
    tk_receive(relay, 1, "the byte");
    tk_close_stdin(relay);
    tk_wait(relay);
}

TK_TEST(relay_copies_though_writes_are_short)
{
    tk_cause("bytes_lost");
    assert_copies(tk_random_text(300, TK_WORD),
                  TK_FAULTS({.call = "write", .fd = TK_FD(1), .action = TK_SHORT, .value = 7}));
}

TK_TEST(relay_has_clean_memory)
{
    assert_copies(tk_random_text(100, TK_WORD), NULL);
}

TK_SUITE(tk_test(relay_keeps_every_byte_value), tk_test(relay_copies_200_kb),
         tk_test(relay_takes_input_in_pieces), tk_test(relay_hands_on_at_once),
         tk_test(relay_copies_though_writes_are_short), tk_test(relay_has_clean_memory))

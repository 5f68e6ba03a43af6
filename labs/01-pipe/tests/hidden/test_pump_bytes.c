/* What comes out: which bytes, how many, however they are cut into pieces. */
#include "../public/pumping.h"

static void pump_random(size_t size)
{
    tk_bytes data = random_text(size);
    pump_bytes(data.data, data.size);
}

TK_TEST(pump_copies_one_byte)
{
    static const char *const bytes[] = {"x", "\n", "-"};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        pump_bytes(bytes[i], 1);
}

/* Where every byte value is, and NUL is first, last and doubled. */
TK_TEST(pump_keeps_every_byte_value)
{
    unsigned char data[514] = {0};
    for (size_t i = 0; i < 512; i++)
        data[i + 1] = (unsigned char)(i < 256 ? i : 511 - i);
    tk_hint("Any byte can come, 0 and those above 127 too. Count with what read() returns; change a-z and "
            "nothing "
            "else.");
    pump_bytes(data, sizeof data);
}

/* Each piece is sent when pump waits for it, so no read() can return two of them. The pieces get shorter:
 * what an earlier one has left in a buffer would show. */
TK_TEST(pump_takes_input_in_pieces)
{
    static const size_t sizes[] = {4097, 700, 5, 5, 3, 1, 1};
    tk_bytes data = random_text(4812);
    tk_process *pump = tk_start("pump");
    const char *in = tk_object(tk_stdin_fd(pump));
    size_t sent = 0;
    tk_hint("One read() is not one message, nor the whole input: go on until it returns 0, with exactly the "
            "bytes it "
            "gave.");
    tk_cause("message_boundaries_assumed"); /* if it does not come back for the next piece */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        tk_send(pump, data.data + sent, sizes[i]);
        sent += sizes[i];
        tk_wait_blocked(pump, "read", in);
    }
    tk_close_stdin(pump);
    tk_bytes out = tk_receive_all(pump), expected = upper_cased(data.data, sent);
    if (out.size >= sent)
        assert_pumped(out, expected);
    tk_assert_bytes(out, expected.data, expected.size, "what pump printed");
}

TK_TEST(pump_copies_any_length)
{
    static const size_t sizes[] = {2, 7, 1023, 1025, 4095, 4096, 4097, 8192, 10007};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        pump_random(sizes[i]);
}

TK_TEST(pump_copies_more_than_a_pipe_holds)
{
    pump_random(65536);
    pump_random(65537);
}

TK_TEST(pump_copies_256_kib)
{
    pump_random(256 << 10);
}

TK_TEST(pump_has_clean_memory)
{
    pump_random(1500);
}

TK_SUITE(tk_test(pump_copies_one_byte), tk_test(pump_keeps_every_byte_value),
         tk_test(pump_takes_input_in_pieces), tk_test(pump_copies_any_length),
         tk_test(pump_copies_more_than_a_pipe_holds), tk_test(pump_copies_256_kib),
         tk_test(pump_has_clean_memory))

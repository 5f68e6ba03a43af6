/* What lines become on a board. */
#include "../public/boards.h"

/* The bytes from `at` on that a note takes lie behind the header, in the board, and over no other note. */
static void claim(tk_bytes taken, struct seen s, uint32_t at)
{
    const struct note n = note_of(s, at, "next");
    tk_cause("other_layout");
    tk_assert(at % 4 == 0, "a note begins at offset %u, which is no multiple of 4", at);
    for (uint32_t i = at; i < at + sizeof n + n.len; i++) {
        tk_assert(!taken.data[i], "the note at offset %u (len %u) lies over another one", at, n.len);
        taken.data[i] = 1;
    }
    tk_cause(NULL);
}

TK_TEST(boardd_joins_notes)
{
    enum { COUNT = 12, SIZE = 2000 };
    tk_bytes lines[COUNT];
    uint32_t last = 0;
    tk_process *boardd = start_boardd(new_segment(), SIZE);
    for (uint32_t i = 0; i < COUNT; i++) {
        lines[i] = random_line(20 + i); /* no multiple of 4 three times of four, none of length 0 */
        send_line(boardd, lines[i], "ok");
        assert_notes(segment_of(boardd), SIZE, lines, i + 1);
    }
    const struct seen s = segment_of(boardd);
    const tk_bytes taken = tk_zeros(s.size);
    for (uint32_t at = header_of(s).head; at != 0; at = note_of(s, at, "next").next) {
        claim(taken, s, at);
        last = at;
    }
    tk_assert_int(header_of(s).tail, last, "tail in the board's header");
}

TK_TEST(boardd_keeps_every_byte)
{
    for (int half = 0; half < 2; half++) { /* a line of medium length: long ones are a test of their own */
        tk_bytes line = tk_zeros(129);
        for (size_t i = 0; i < line.size; i++)
            line.data[i] = (unsigned char)(half * 127 + (int)i);
        line.data[0] = 0x80; /* not a NUL byte: an empty line is a test of its own */
        line.data[half ? 60 : '\n'] = 0;
        tk_process *boardd = start_boardd(new_segment(), 500);
        send_line(boardd, line, "ok");
        assert_one_note(segment_of(boardd), 500, line);
        end_boardd(boardd);
    }
}

/* Sends bytes, and waits until boardd has read them and waits for more. */
static void send_piece(tk_process *boardd, const char *piece)
{
    tk_send(boardd, piece, strlen(piece));
    tk_settles(boardd);
}

TK_TEST(boardd_takes_input_in_pieces)
{
    enum { SIZE = 300 };
    const tk_bytes lines[] = {tk_bytes_of("one"), tk_bytes_of("and two"), tk_bytes_of("three"),
                              tk_bytes_of("fourfive")};
    tk_process *boardd = start_boardd(new_segment(), SIZE);
    send_piece(boardd, "one\nand ");
    send_piece(boardd, "two\nthree\nfour");
    send_piece(boardd, "five");
    send_piece(boardd, "\n");
    for (int i = 0; i < 4; i++)
        expect(boardd, "ok", tk_string("answer %d of boardd", i + 1));
    const struct seen s = segment_of(boardd);
    tk_cause("message_boundaries_assumed");
    tk_assert_int(header_of(s).count, 4, "count in the board's header, after 4 lines in 4 pieces");
    tk_cause(NULL);
    assert_notes(s, SIZE, lines, 4);
    end_boardd(boardd);
}

TK_TEST(boardd_takes_long_lines)
{
    enum { SIZE = 65536 };
    const tk_bytes lines[] = {random_line(30000), random_line(6)}, longer = random_line(100000);
    tk_process *boardd = start_boardd(new_segment(), SIZE);
    send_line(boardd, lines[0], "ok");
    send_line(boardd, longer, "full");
    send_line(boardd, lines[1], "ok");
    assert_notes(segment_of(boardd), SIZE, lines, 2);
}

TK_TEST(boardd_takes_empty_lines)
{
    const tk_bytes lines[] = {tk_bytes_of(""), random_line(5), tk_bytes_of(""), tk_bytes_of(""),
                              random_line(7)};
    tk_process *boardd = start_boardd(new_segment(), 200);
    for (int i = 0; i < 5; i++)
        send_line(boardd, lines[i], "ok");
    assert_notes(segment_of(boardd), 200, lines, 5);
}

/* The board is gone when its answer has come, so its answer is all that can be judged; that of a line which
 * lacks its last byte would be the same, so the board has room for all bytes of it but one. */
TK_TEST(boardd_takes_a_last_line_without_newline)
{
    const struct {
        size_t size;
        const char *answers;
    } tries[] = {{16 + 32 + 19, "ok\nok\n"}, {16 + 32 + 15, "ok\nfull\n"}};
    for (int i = 0; i < 2; i++) {
        tk_process *boardd = start_boardd(new_segment(), tries[i].size);
        const tk_bytes first = random_line(24), last = random_line(5); /* 5 bytes take 16, and 4 take 12 */
        const tk_bytes both =
            tk_join(tk_join(first, tk_bytes_of("\n")), last); /* in one piece: all read alike */
        tk_bytes out = tk_exchange(boardd, both.data, both.size);
        tk_assert_bytes(out, tries[i].answers, strlen(tries[i].answers),
                        "what boardd says to a line, and to some bytes without a newline");
        tk_assert_exit(boardd, 0);
    }
}

TK_TEST(boardd_says_full)
{
    const size_t size = 200 + (size_t)tk_random_between(0, 3);
    const tk_bytes line = random_line(60);
    tk_process *boardd = start_boardd(new_segment(), size);
    send_line(boardd, line, "ok");
    const struct seen before = segment_of(boardd);
    /* 200 - 16 - 68 = 116 bytes are left, and up to 3 that are no use: text of 108 bytes would fit */
    const size_t lengths[] = {109, 112, 180, 250};
    for (int i = 0; i < 4; i++) {
        send_line(boardd, random_line(lengths[i]), "full");
        const struct seen after = look("id", tk_string("%d", before.id), NULL);
        tk_assert(after.found, "after a full line the board is gone");
        tk_cause("changed_by_a_full_line");
        tk_assert_bytes(after.bytes, before.bytes.data, before.size, "the board after a full line");
        tk_cause(NULL);
    }
}

TK_TEST(boardd_goes_on_after_a_full_line)
{
    const tk_bytes lines[] = {random_line(100), random_line(50)};
    tk_process *boardd = start_boardd(new_segment(), 300);
    send_line(boardd, lines[0], "ok");
    send_line(boardd, random_line(200), "full");
    send_line(boardd, lines[1], "ok");
    assert_notes(segment_of(boardd), 300, lines, 2);
}

TK_TEST(boardd_uses_all_of_the_board)
{
    enum { SIZE = 16 + 208 + 208 + 72 + 8 };
    const tk_bytes lines[] = {random_line(200), random_line(200), random_line(64), tk_bytes_of("")};
    tk_process *boardd = start_boardd(new_segment(), SIZE);
    for (int i = 0; i < 4; i++)
        send_line(boardd, lines[i], "ok");
    assert_notes(segment_of(boardd), SIZE, lines, 4);
    send_line(boardd, tk_bytes_of(""), "full");
    end_boardd(boardd);
}

TK_TEST(boardd_has_clean_memory)
{
    tk_process *boardd = start_boardd(new_segment(), 300);
    send_line(boardd, random_line(100), "ok");
    send_line(boardd, random_line(200), "full");
    send_line(boardd, random_line(33), "ok");
    end_boardd(boardd);
}

TK_SUITE(tk_test(boardd_joins_notes), tk_test(boardd_keeps_every_byte), tk_test(boardd_takes_input_in_pieces),
         tk_test(boardd_takes_long_lines), tk_test(boardd_takes_empty_lines),
         tk_test(boardd_takes_a_last_line_without_newline), tk_test(boardd_says_full),
         tk_test(boardd_goes_on_after_a_full_line), tk_test(boardd_uses_all_of_the_board),
         tk_test(boardd_has_clean_memory))

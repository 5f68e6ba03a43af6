/* What board cannot or must not read, and what it must not do. */
#include "../public/boards.h"

static tk_bytes two_notes(size_t size)
{
    const tk_bytes lines[] = {random_line(20), random_line(9)};
    return plain_board(size, lines, 2);
}

TK_TEST(board_attaches_read_only)
{
    const struct place p = new_segment();
    const tk_bytes line = random_line(20);
    struct made m = make_at(p, plain_board(200, &line, 1), "0400");
    tk_cause("wants_to_write");
    tk_process *board = spawn_board(p, 200);
    tk_bytes out = tk_receive_all(board), expected = printed(&line, 1);
    tk_assert_bytes(out, expected.data, expected.size, "what board printed of a segment of mode 0400");
    tk_cause(NULL);
    tk_assert_exit(board, 0);
    remove_made(m);
}

TK_TEST(board_reports_an_absent_segment)
{
    assert_board_refuses(new_segment(), 200, true, "there is no segment with that key");
}

TK_TEST(board_makes_nothing)
{
    const struct place p = new_segment();
    tk_process *board = spawn_board(p, 200);
    tk_receive_all(board);
    tk_wait(board);
    const struct seen s = look_at(p);
    tk_cause("reader_makes_it");
    tk_assert(!s.found && !s.refused, "there was no segment with that key, and board has made one");
}

TK_TEST(board_reports_a_forbidden_segment)
{
    const char *const modes[] = {"0000", "0200"};
    tk_hint("shmat() returns (void *)-1 when it fails, not NULL: compare with that, and exit with 1.");
    for (int i = 0; i < 2; i++) {
        const struct place p = new_segment();
        struct made m = make_at(p, two_notes(200), modes[i]);
        if (!m.readable) /* to somebody with privileges nothing is forbidden */
            assert_board_refuses(p, 200, true,
                                 tk_string("the segment has mode %s, so shmat() fails (EACCES)", modes[i]));
        remove_made(m);
    }
}

TK_TEST(board_reports_a_small_segment)
{
    const struct place p = new_segment();
    struct made m = make_at(p, two_notes(200), "0600");
    assert_board_refuses(p, 201, true, "the segment has 200 bytes and SIZE is 201");
    assert_board_refuses(p, 9000, true, "the segment has 200 bytes and SIZE is 9000");
    remove_made(m);
}

TK_TEST(board_prints_a_board_in_a_larger_segment)
{
    const struct place p = new_segment();
    const tk_bytes lines[] = {random_line(5000), random_line(30)};
    struct made m = make_at(p, plain_board(9000, lines, 2), "0600");
    assert_board_prints(p, 100, printed(lines, 2));
    remove_made(m);
    /* and the board itself may be smaller than what it lies in */
    const struct place q = new_segment();
    tk_bytes image = plain_board(9000, lines + 1, 1);
    put_header(image, (struct board){500, 1, 16, 16});
    m = make_at(q, image, "0600");
    assert_board_prints(q, 500, printed(lines + 1, 1));
    remove_made(m);
}

TK_TEST(board_reports_a_missing_path)
{
    const struct place p = {.first = tk_string("no-file-%d", (int)tk_random_between(0, 9999)),
                            .second = random_id()};
    const tk_bytes image = two_notes(200);
    const char *const args[] = {"number", "-1", "200", "0600", NULL};
    struct made m = make_by(args, image); /* of somebody else who has not looked either */
    tk_process *board = spawn_board(p, 200);
    tk_bytes out = tk_receive_all(board);
    tk_cause("ftok_unchecked");
    tk_assert(out.size == 0, "%s does not exist, so there is no key, but board printed \"%.*s\"", p.first,
              first_line(out), (char *)out.data);
    tk_cause(NULL);
    tk_assert_exit(board, 1);
    remove_made(m);
}

/* board exits with 1, without a crash and without running for ever. */
static void assert_damage_is_noticed(tk_bytes image, struct board header, const char *why)
{
    const struct place p = new_segment();
    put_header(image, header);
    struct made m = make_at(p, image, "0600");
    assert_board_refuses(p, image.size, false, why);
    remove_made(m);
}

TK_TEST(board_survives_bad_offsets)
{
    tk_hint("Before you follow an offset: does it lie behind the header, and is there room for the 8 bytes "
            "of a note up "
            "to size? And does size itself lie between 16 and the end of the segment?");
    const uint32_t heads[] = {4, 196, 200, 204, 4096, 0x7ffffff0, 0xfffffffc};
    for (int i = 0; i < 7; i++)
        assert_damage_is_noticed(two_notes(200), (struct board){200, 2, heads[i], 44},
                                 tk_string("head is %u on a board of 200 bytes", heads[i]));
    /* behind the board all is 0, as in a note of length 0 without a next one: but there is none */
    for (uint32_t head = 196; head <= 204; head += 4) {
        assert_damage_is_noticed(tk_zeros(200), (struct board){200, 1, head, head},
                                 tk_string("head is %u on a board of 200 bytes", head));
        assert_damage_is_noticed(tk_zeros(300), (struct board){200, 1, head, head},
                                 tk_string("head is %u on a board of 200 bytes", head));
    }
    tk_bytes image = two_notes(200);
    put_note(image, 16, random_line(20), 0x10000000);
    assert_damage_is_noticed(image, (struct board){200, 2, 16, 44}, "next is 0x10000000");
    assert_damage_is_noticed(two_notes(200), (struct board){201, 2, 16, 44},
                             "size is 201, and the segment has 200 bytes");
    assert_damage_is_noticed(two_notes(200), (struct board){8, 2, 16, 44}, "size is 8, less than the header");
}

TK_TEST(board_survives_bad_lengths)
{
    tk_hint("len can be any number up to 4294967295: compare it with what is left of the board behind the "
            "note's header. A "
            "sum of uint32_t can wrap around.");
    const uint32_t lengths[] = {177, 5000, 0x40000000, 0xffffffff, 0xfffffff0, 0xffffffe8};
    for (int i = 0; i < 6; i++) {
        tk_bytes image = tk_zeros(200);
        const struct note n = {.next = 0, .len = lengths[i]};
        memcpy(image.data + 16, &n, sizeof n);
        assert_damage_is_noticed(
            image, (struct board){200, 1, 16, 16},
            tk_string("the note at offset 16 of a board of 200 bytes has len %u", lengths[i]));
    }
}

TK_TEST(board_survives_a_circle)
{
    tk_hint("Count the notes that you follow: more than count means that the list goes in a circle, and "
            "fewer that some are "
            "missing.");
    tk_bytes image = two_notes(200);
    const uint32_t second = 16 + (uint32_t)note_size(20);
    put_note(image, second, random_line(9), 16);
    assert_damage_is_noticed(image, (struct board){200, 2, 16, second}, "the list goes in a circle");
    put_note(image, second, random_line(9), second);
    assert_damage_is_noticed(image, (struct board){200, 2, 16, second}, "a note is its own next one");
    assert_damage_is_noticed(two_notes(200), (struct board){200, 1, 16, 44},
                             "count is 1, and there are 2 notes");
    assert_damage_is_noticed(two_notes(200), (struct board){200, 3, 16, 44},
                             "count is 3, and there are 2 notes");
    assert_damage_is_noticed(two_notes(200), (struct board){200, 2, 0, 0}, "count is 2, and head is 0");
}

TK_SUITE(tk_test(board_attaches_read_only), tk_test(board_reports_an_absent_segment),
         tk_test(board_makes_nothing), tk_test(board_reports_a_forbidden_segment),
         tk_test(board_reports_a_small_segment), tk_test(board_prints_a_board_in_a_larger_segment),
         tk_test(board_reports_a_missing_path), tk_test(board_survives_bad_offsets),
         tk_test(board_survives_bad_lengths), tk_test(board_survives_a_circle))

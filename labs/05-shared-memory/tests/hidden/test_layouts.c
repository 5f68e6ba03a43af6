/* Boards of others, which are as they should be, but not as one's own would be. */
#include "../public/boards.h"

/* Makes the board, lets board print it. */
static void assert_printed(tk_bytes image, tk_bytes expected)
{
    const struct place p = new_segment();
    struct made m = make_at(p, image, "0600");
    assert_board_prints(p, image.size, expected);
    remove_made(m);
}

/* The notes lie at those offsets; the gaps between them hold anything. */
static tk_bytes scattered(size_t size, const tk_bytes *lines, const uint32_t *at, uint32_t count)
{
    tk_bytes image = tk_random_bytes(size);
    for (uint32_t i = 0; i < count; i++)
        put_note(image, at[i], lines[i], i + 1 < count ? at[i + 1] : 0);
    put_header(image, (struct board){(uint32_t)size, count, at[0], at[count - 1]});
    return image;
}

TK_TEST(board_follows_offsets)
{
    /* backwards; with gaps; to and fro, over several pages, the last one at the end of the board */
    static const uint32_t offsets[][4] = {{400, 300, 200, 16}, {20, 200, 520, 700}, {4100, 16, 9000, 9976}};
    static const size_t sizes[] = {500, 1000, 10020};
    for (int i = 0; i < 3; i++) {
        const tk_bytes lines[] = {random_line(31), random_line(8), random_line(50), random_line(36)};
        assert_printed(scattered(sizes[i], lines, offsets[i], 4), printed(lines, 4));
    }
}

TK_TEST(board_prints_a_large_board)
{
    enum { SIZE = 1 << 20, COUNT = 5000 };
    static tk_bytes lines[COUNT];
    for (int i = 0; i < COUNT; i++)
        lines[i] = random_line((size_t)(i == 100 ? 200000 : i % 100 + 1));
    assert_printed(plain_board(SIZE, lines, COUNT), printed(lines, COUNT));
}

TK_TEST(board_prints_an_empty_board)
{
    tk_bytes image = tk_random_bytes(200); /* what nobody has written yet need not be 0 */
    put_header(image, (struct board){.size = 200});
    assert_printed(image, tk_bytes_of(""));
    tk_bytes smallest = tk_zeros(sizeof(struct board));
    put_header(smallest, (struct board){.size = sizeof(struct board)});
    assert_printed(smallest, tk_bytes_of(""));
}

TK_TEST(board_prints_an_empty_note)
{
    const tk_bytes lines[] = {random_line(4), tk_bytes_of(""), random_line(9), tk_bytes_of("")};
    assert_printed(plain_board(200, lines, 4), printed(lines, 4));
}

TK_TEST(board_keeps_every_byte)
{
    const tk_bytes lines[] = {tk_random_bytes(300), tk_random_bytes(5), random_line(9)};
    lines[0].data[10] = 0;
    assert_printed(plain_board(600, lines, 3), printed(lines, 3));
}

TK_TEST(board_has_clean_memory)
{
    const tk_bytes lines[] = {random_line(40), random_line(9), random_line(3)};
    assert_printed(plain_board(300, lines, 3), printed(lines, 3));
}

TK_SUITE(tk_test(board_follows_offsets), tk_test(board_prints_a_large_board),
         tk_test(board_prints_an_empty_board), tk_test(board_prints_an_empty_note),
         tk_test(board_keeps_every_byte), tk_test(board_has_clean_memory))

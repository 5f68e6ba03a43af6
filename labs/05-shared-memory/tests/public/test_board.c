#include "boards.h"

TK_TEST(board_prints_the_notes)
{
    const struct place p = new_segment();
    const tk_bytes lines[] = {random_line(8), random_line(13), random_line(30)};
    struct made m = make_at(p, plain_board(400, lines, 3), "0600");
    assert_board_prints(p, 400, printed(lines, 3));
    remove_made(m);
}

TK_TEST(board_reads_what_boardd_wrote)
{
    const struct place p = new_segment();
    const tk_bytes line = random_line((size_t)tk_random_between(9, 60));
    tk_process *boardd = start_boardd(p, 1000);
    send_line(boardd, line, "ok");
    assert_board_prints(p, 1000, printed(&line, 1));
}

TK_SUITE(tk_test(board_prints_the_notes), tk_test(board_reads_what_boardd_wrote))

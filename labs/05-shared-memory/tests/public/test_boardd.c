#include "boards.h"

TK_TEST(boardd_makes_a_segment)
{
    const size_t size = (size_t)tk_random_between(200, 9000);
    tk_process *boardd = start_boardd(new_segment(), size);
    struct seen s = segment_of(boardd);
    tk_assert_int((int64_t)s.size, (int64_t)size, "the size of the segment");
    const struct board b = assert_count(s, size, 0);
    tk_assert_int(b.head, 0, "head of an empty board");
    tk_assert_int(b.tail, 0, "tail of an empty board");
}

TK_TEST(boardd_uses_the_key_of_ftok)
{
    const struct place p = new_segment();
    tk_process *boardd = start_boardd(p, 500);
    struct seen made = segment_of(boardd), found = look_at(p);
    tk_cause("other_key");
    tk_assert(found.found && found.id == made.id,
              "boardd has made a segment with the key 0x%08x, but ftok(\"%s\", %s) gives another one",
              made.key, p.first, p.second);
}

TK_TEST(boardd_adds_a_line)
{
    const tk_bytes line = random_line((size_t)tk_random_between(9, 60));
    tk_process *boardd = start_boardd(new_segment(), 400);
    send_line(boardd, line, "ok");
    assert_one_note(segment_of(boardd), 400, line);
}

TK_TEST(boardd_removes_the_segment)
{
    tk_process *boardd = start_boardd(new_segment(), 300);
    send_line(boardd, random_line(20), "ok");
    const struct seen before = segment_of(boardd);
    end_boardd(boardd);
    tk_cause("sysv_shm");
    tk_assert(!look("id", tk_string("%d", before.id), NULL).found,
              "boardd has ended, and its segment (id %d, key 0x%08x) is still there", before.id, before.key);
}

TK_SUITE(tk_test(boardd_makes_a_segment), tk_test(boardd_uses_the_key_of_ftok), tk_test(boardd_adds_a_line),
         tk_test(boardd_removes_the_segment))

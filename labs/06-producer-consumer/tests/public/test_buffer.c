#include "hall.h"

TK_TEST(buffer_keeps_what_is_put)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    create(&h, 5, 1);
    assert_put(by_itself(&h, 0, PUT, first, 3), 3, "the process that made the buffer");
    assert_got(by_itself(&h, 0, GET, 0, 2), first, 2, "the process that made the buffer");
    assert_put(by_itself(&h, 0, PUT, first + 3, 2), 2, "the process that made the buffer");
    assert_got(by_itself(&h, 0, GET, 0, 3), first + 2, 3, "the process that made the buffer");
}

TK_TEST(buffer_joins_processes)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    create(&h, 5, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    assert_put(lets(&h, 0, 0, PUT, first, 3), 3, "the producer");
    tk_hint("All that the processes have to know of each other lies in memory that they share: the items, "
            "the indices, the "
            "counts, and the semaphores too. A variable of the program is copied by fork().");
    tell(&h, 1, 0, GET, 0, 3);
    tk_cause("not_seen_by_others");
    tk_assert(tk_back_comes(h.actors[1].back),
              "the producer has put 3 items in, but the consumer waits for them in bb_get");
    assert_got(report_of(&h, 1), first, 3, "the consumer");
    tk_cause(NULL);
    assert_put(lets(&h, 0, 0, PUT, first + 3, 1), 1, "the producer");
    assert_got(lets(&h, 1, 0, GET, 0, 1), first + 3, 1, "the consumer");
}

/* `left` items are in the buffer when its producer is done. */
static void come_to_the_end(int left)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    create(&h, 5, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    assert_put(lets(&h, 0, 0, PUT, first, 1 + left), 1 + left, "the producer");
    assert_got(lets(&h, 1, 0, GET, 0, 1), first, 1, "the consumer");
    tk_assert_int(lets(&h, 0, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    tk_hint("bb_get returns 0 only when the buffer is empty, too: what is left in it comes first.");
    assert_got(lets(&h, 1, 0, GET, 0, left), first + 1, left, "the consumer");
    tk_hint("The only producer has called bb_done, and nothing is left: bb_get returns 0, as often as it is "
            "called, and does "
            "not wait.");
    for (int i = 0; i < 2; i++) {
        tell(&h, 1, 0, GET, 0, 1);
        tk_cause("end_not_told");
        tk_assert(tk_back_comes(h.actors[1].back),
                  "the consumer waits in bb_get, although the producer is done and nothing is left");
        assert_end(report_of(&h, 1), "the consumer");
    }
    close_hall(&h, 2);
}

TK_TEST(buffer_comes_to_its_end)
{
    come_to_the_end(2);
    come_to_the_end(0);
}

TK_TEST(buffer_get_waits)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    create(&h, 2, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    tk_hint("bb_get waits while the buffer is empty, in a call that blocks until there is an item: sem_wait, "
            "pthread_cond_wait, semop.");
    for (int i = 0; i < 3; i++) {
        tell(&h, 1, 0, GET, 0, 1);
        assert_waits(&h, 1, "bb_get", "the buffer is empty");
        assert_put(lets(&h, 0, 0, PUT, first + i, 1), 1, "the producer");
        assert_got(report_of(&h, 1), first + i, 1, "the consumer");
    }
}

#define CAP 3

/* How many items fit exactly is a test of its own: this one is about waiting. */
TK_TEST(buffer_put_waits)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    int put = 0;
    create(&h, CAP, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    tk_hint("bb_put waits while the buffer is full, in a call that blocks until an item is taken out; then "
            "it goes on.");
    tell(&h, 0, 0, PUT, first, 1);
    while (put <= CAP && settled(&h, 1) == 1) {
        assert_put(report_of(&h, 0), 1, "the producer");
        put++;
        tell(&h, 0, 0, PUT, first + put, 1);
    }
    assert_waits(&h, 0, "bb_put", "the buffer is full");
    for (int got = 0; got < 3; got++) {
        assert_got(lets(&h, 1, 0, GET, 0, 1), first + got, 1, "the consumer");
        assert_put(report_of(&h, 0), 1, "the producer");
        put++;
        tell(&h, 0, 0, PUT, first + put, 1);
        assert_waits(&h, 0, "bb_put", "the buffer is full");
    }
}

TK_TEST(unbounded_takes_more)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    create(&h, 0, 1);
    start(&h, 0, "the producer");
    tk_hint("With cap 0 there is no limit: bb_put makes room where there is none, and does not wait.");
    tell(&h, 0, 0, PUT, first, 5000);
    tk_cause("waits_without_need");
    tk_assert(tk_back_comes(h.actors[0].back),
              "bb_put waits in the producer, although the buffer is unbounded");
    tk_cause(NULL);
    assert_put(report_of(&h, 0), 5000, "the producer");
    assert_got(lets(&h, 0, 0, GET, 0, 5000), first, 5000, "the producer, which takes them out again");
}

TK_SUITE(tk_test(buffer_keeps_what_is_put), tk_test(buffer_joins_processes), tk_test(buffer_get_waits),
         tk_test(buffer_put_waits), tk_test(buffer_comes_to_its_end), tk_test(unbounded_takes_more))

/* Who waits, who is woken, and the end. */
#include "../public/hall.h"

#define MANY 3
static const char *const producers[] = {"producer 1", "producer 2", "producer 3"};
static const char *const consumers[] = {"consumer 1", "consumer 2", "consumer 3"};

/* The report of an actor that was told to do what it can do now, or what it has been waiting for. */
static struct report now(const struct hall *h, int who, const char *cause, const char *what)
{
    tk_cause(cause);
    tk_assert(tk_back_comes(h->actors[who].back), "%s goes on waiting, although %s", h->actors[who].name,
              what);
    tk_cause(NULL);
    return report_of(h, who);
}

TK_TEST(producers_go_on_one_by_one)
{
    struct hall h = open_hall();
    create(&h, 1, MANY);
    for (int i = 0; i < MANY; i++)
        start(&h, i, producers[i]);
    start(&h, MANY, consumers[0]);
    int64_t first = some_number();
    assert_put(lets(&h, 0, 0, PUT, first, 1), 1, producers[0]);
    for (int i = 0; i < MANY; i++) {
        tell(&h, i, 0, PUT, first + 1 + i, 1);
        assert_waits(&h, i, "bb_put", "the buffer is full");
    }
    tk_hint("Each bb_get makes room for one item, so it has to let one producer go on that waits.");
    int64_t sum = 0;
    for (int i = 0; i < MANY; i++) {
        struct report r = lets(&h, MANY, 0, GET, 0, 1);
        tk_assert(r.returned == 1, "bb_get returned %lld", (long long)r.returned);
        sum += r.items[0] - first;
        tk_cause("waiter_not_woken");
        tk_assert(settled(&h, MANY) == i + 1,
                  "%d items were taken out of the full buffer, but %d of the three producers that wait have "
                  "gone on",
                  i + 1, settled(&h, MANY));
        tk_cause(NULL);
    }
    for (int i = 0; i < MANY; i++)
        assert_put(report_of(&h, i), 1, producers[i]);
    sum += lets(&h, MANY, 0, GET, 0, 1).items[0] - first;
    tk_assert_int(sum, 0 + 1 + 2 + 3, "the sum of what came out");
}

TK_TEST(consumers_go_on_one_by_one)
{
    struct hall h = open_hall();
    create(&h, MANY, 1);
    for (int i = 0; i < MANY; i++)
        start(&h, i, consumers[i]);
    start(&h, MANY, producers[0]);
    int64_t first = some_number(), sum = 0;
    for (int i = 0; i < MANY; i++) {
        tell(&h, i, 0, GET, 0, 1);
        assert_waits(&h, i, "bb_get", "the buffer is empty");
    }
    tk_hint("Each bb_put brings one item, so it has to let one consumer go on that waits.");
    for (int i = 0; i < MANY; i++) {
        assert_put(lets(&h, MANY, 0, PUT, first + i, 1), 1, producers[0]);
        tk_cause("waiter_not_woken");
        tk_assert(
            settled(&h, MANY) == i + 1,
            "%d items were put into the empty buffer, but %d of the three consumers that wait have gone on",
            i + 1, settled(&h, MANY));
        tk_cause(NULL);
    }
    for (int i = 0; i < MANY; i++) {
        struct report r = report_of(&h, i);
        tk_assert(r.returned == 1, "bb_get returned %lld in %s", (long long)r.returned, consumers[i]);
        sum += r.items[0] - first;
    }
    tk_assert_int(sum, 0 + 1 + 2, "the sum of what the consumers got");
}

/* ---- the end ---------------------------------------------------------------------------------------------
 */

TK_TEST(all_consumers_see_the_end)
{
    struct hall h = open_hall();
    create(&h, 2, 1);
    for (int i = 0; i < MANY; i++)
        start(&h, i, consumers[i]);
    start(&h, MANY, producers[0]);
    for (int i = 0; i < MANY; i++) {
        tell(&h, i, 0, GET, 0, 1);
        assert_waits(&h, i, "bb_get", "the buffer is empty");
    }
    tk_assert_int(lets(&h, MANY, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    tk_hint("The last bb_done has to wake all consumers that wait: a broadcast, or a semaphore that each one "
            "who sees the end "
            "posts for the next one.");
    for (int i = 0; i < MANY; i++)
        assert_end(now(&h, i, "end_not_told", "the producer is done and nothing is left"), consumers[i]);
    tk_hint("The end stays: bb_get returns 0 as often as it is called.");
    for (int i = 0; i < MANY; i++) {
        tell(&h, i, 0, END, 0, 100);
        assert_end(now(&h, i, "end_not_told", "it has seen the end before, and asks again, up to 100 times"),
                   consumers[i]);
    }
}

TK_TEST(end_comes_after_the_last_producer)
{
    struct hall h = open_hall();
    create(&h, 2, 2);
    for (int i = 0; i < 2; i++) {
        start(&h, i, producers[i]);
        start(&h, 2 + i, consumers[i]);
    }
    tk_hint("Count the calls of bb_done: the end is there when all producers are done.");
    tk_assert_int(lets(&h, 0, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    for (int i = 0; i < 2; i++) {
        tell(&h, 2 + i, 0, GET, 0, 2);
        assert_waits(&h, 2 + i, "bb_get", "the buffer is empty, and one of two producers is not done");
    }
    int64_t item = some_number();
    assert_put(lets(&h, 1, 0, PUT, item, 1), 1, producers[1]);
    tk_assert_int(lets(&h, 1, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    int64_t came = 0;
    for (int i = 0; i < 2; i++) {
        struct report r = now(&h, 2 + i, "end_not_told", "both producers are done and nothing is left");
        assert_end(r, consumers[i]);
        came += r.count;
        tk_assert(r.count == 0 || r.items[0] == item,
                  "a consumer got another item than the one that was put in");
    }
    tk_assert_int(came, 1, "how often the only item came");
}

TK_TEST(items_come_before_the_end)
{
    struct hall h = open_hall();
    create(&h, 8, 2);
    start(&h, 0, producers[0]);
    start(&h, 1, producers[1]);
    start(&h, 2, consumers[0]);
    int64_t first = some_number();
    assert_put(lets(&h, 0, 0, PUT, first, 3), 3, producers[0]);
    assert_put(lets(&h, 1, 0, PUT, first + 3, 2), 2, producers[1]);
    for (int i = 0; i < 2; i++)
        tk_assert_int(lets(&h, i, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    tk_hint("bb_get returns 0 only when the buffer is empty, too: what is left in it comes first.");
    tell(&h, 2, 0, GET, 0, 10);
    struct report r = now(&h, 2, "end_not_told", "both producers are done");
    tk_cause("items_lost");
    tk_assert(r.count == 5, "5 items were in the buffer when the producers were done, but %lld came",
              (long long)r.count);
    assert_end(r, consumers[0]);
    for (int64_t i = 0; i < 5; i++)
        tk_assert_int(r.items[i], first + i, "an item");
}

TK_TEST(items_outlive_their_producer)
{
    struct hall h = open_hall();
    int64_t first = some_number();
    create(&h, 6, 2);
    start(&h, 0, producers[0]);
    start(&h, 1, producers[1]);
    assert_put(lets(&h, 0, 0, PUT, first, 3), 3, producers[0]);
    tk_assert_int(lets(&h, 0, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    leave(&h, 0);
    start(&h, 2, consumers[0]);
    tk_hint("The producer has ended before the consumer came. SEM_UNDO takes back what a process has posted "
            "when it ends: it is "
            "for locks, not for counting items.");
    tell(&h, 2, 0, GET, 0, 3);
    assert_got(now(&h, 2, "items_gone_with_producer", "a producer has put 3 items in before it ended"), first,
               3, consumers[0]);
    /* a consumer, too, may end, and leave its room to others */
    leave(&h, 2);
    tell(&h, 1, 0, PUT, first + 3, 4);
    assert_put(now(&h, 1, "items_gone_with_producer", "the buffer is empty and 6 items fit"), 4,
               producers[1]);
    tk_assert_int(lets(&h, 1, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    leave(&h, 1);
    start(&h, 3, consumers[1]);
    tell(&h, 3, 0, GET, 0, 4);
    assert_got(now(&h, 3, "items_gone_with_producer", "4 items are there"), first + 3, 4, consumers[1]);
    tell(&h, 3, 0, GET, 0, 1);
    assert_end(now(&h, 3, "items_gone_with_producer", "both producers were done before they ended"),
               consumers[1]);
}

TK_SUITE(tk_test(producers_go_on_one_by_one), tk_test(consumers_go_on_one_by_one),
         tk_test(all_consumers_see_the_end), tk_test(end_comes_after_the_last_producer),
         tk_test(items_come_before_the_end), tk_test(items_outlive_their_producer))

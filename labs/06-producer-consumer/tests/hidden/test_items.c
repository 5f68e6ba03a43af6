/* What goes through a buffer: which numbers, how many, in which order, and from whom. */
#include "../public/hall.h"

#include <stdio.h>

TK_TEST(buffer_carries_any_number)
{
    static const int64_t special[] = {0,
                                      -1,
                                      1,
                                      INT64_MIN,
                                      INT64_MAX,
                                      INT32_MIN,
                                      INT32_MAX,
                                      INT64_MIN + 1,
                                      -2,
                                      INT64_C(1) << 32,
                                      INT64_C(0x00000000ffffffff)};
    struct hall h = open_hall();
    create(&h, 3, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    tk_hint("int64_t all the way, and no number is special: whether there is an item is told by counting, "
            "and by what bb_get "
            "returns.");
    for (size_t i = 0; i < sizeof special / sizeof *special + 4; i++) {
        int64_t item = i < sizeof special / sizeof *special ? special[i] : (int64_t)tk_random();
        assert_put(lets(&h, 0, 0, PUT, item, 1), 1, "the producer");
        struct report r = lets(&h, 1, 0, GET, 0, 1);
        tk_assert(r.returned == 1, "bb_get returned %lld; it should bring the item %lld",
                  (long long)r.returned, (long long)item);
        tk_assert_int(r.items[0], item, "the item");
    }
}

#define ROUNDS 20000

/* In one process, so that a crash has a place. */
static void go_round(const struct hall *h, int cap, int older)
{
    int64_t first = some_number();
    create(h, (uint64_t)cap, 1);
    assert_put(by_itself(h, 0, PUT, first - older, older), older, "the process that made the buffer");
    tk_msg *m = tk_msg_new("rounds");
    tk_put_int(m, 0);
    tk_put_int(m, ROUNDS);
    tk_put_int(m, first);
    tk_put_int(m, older);
    tk_msg *answer = tk_call(h->driver, m);
    int64_t rounds = tk_get_int(answer), put_said = tk_get_int(answer), get_said = tk_get_int(answer);
    int64_t item = tk_get_int(answer);
    tk_assert(put_said == 0 && get_said == 1, "cap %d: after %lld items bb_put returned %lld and bb_get %lld",
              cap, (long long)rounds, (long long)put_said, (long long)get_said);
    if (rounds < ROUNDS)
        tk_assert_int(item, first + rounds - older, "an item that has gone through");
    destroy(h, 0);
}

TK_TEST(buffer_goes_round)
{
    struct hall h = open_hall();
    tk_hint("After the last slot comes the first one again: i = (i + 1) % cap.");
    go_round(&h, 2, 0);
    go_round(&h, 3, 1);
    go_round(&h, 5, 3);
    go_round(&h, 10, 1);
}

static void hold_exactly(int cap)
{
    int64_t first = some_number();
    struct hall h = open_hall();
    create(&h, (uint64_t)cap, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    tell(&h, 0, 0, PUT, first, cap);
    tk_cause("waits_without_need");
    tk_assert(tk_back_comes(h.actors[0].back),
              "%d items fit, but bb_put waits before so many are in the buffer", cap);
    tk_cause(NULL);
    assert_put(report_of(&h, 0), cap, "the producer");
    tell(&h, 0, 0, PUT, first + cap, 1);
    assert_waits(&h, 0, "bb_put", "the buffer is full");
    /* One makes room, and the rest waits until the producer has used it. Two at once are weave's to judge. */
    assert_got(lets(&h, 1, 0, GET, 0, 1), first, 1, "the consumer");
    assert_put(report_of(&h, 0), 1, "the producer");
    assert_got(lets(&h, 1, 0, GET, 0, cap), first + 1, cap, "the consumer");
    close_hall(&h, 2);
}

TK_TEST(buffer_holds_cap_items)
{
    static const int caps[] = {1, 2, 3, 7, 64, 1000};
    tk_hint("Exactly cap items fit. A ring that keeps one slot free, to tell full from empty, needs cap + 1 "
            "slots.");
    for (int i = 0; i < 6; i++)
        hold_exactly(caps[i]);
}

TK_TEST(buffers_are_independent)
{
    struct hall h = open_hall();
    tk_cause("buffers_not_independent");
    create_which(&h, 0, 3, 1);
    create_which(&h, 1, 3, 1);
    create_which(&h, 2, 0, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    tk_hint("Each bb_create makes all things anew: memory, semaphores, keys, names. ftok() returns -1 for a "
            "file that is not "
            "there, which makes one key for all.");
    for (int i = 0; i < 3; i++) {
        tell(&h, 0, i, PUT, 100 * i, 2);
        tk_assert(tk_back_comes(h.actors[0].back), "bb_put waits at one buffer, because another one is full");
        assert_put(report_of(&h, 0), 2, "the producer");
    }
    for (int i = 2; i >= 0; i--) {
        tell(&h, 1, i, GET, 0, 2);
        tk_assert(tk_back_comes(h.actors[1].back),
                  "bb_get waits at one buffer, because another one is empty");
        assert_got(report_of(&h, 1), 100 * i, 2, "the consumer");
    }
    destroy(&h, 0);
    assert_put(lets(&h, 0, 2, PUT, 7, 1), 1, "the producer");
    assert_got(lets(&h, 1, 2, GET, 0, 1), 7, 1, "the consumer");
}

/* ---- all at once
 * ------------------------------------------------------------------------------------------- */

#define PRODUCERS 4
#define CONSUMERS 4

/* Producer p's items are p * 2^24 + 0, 1, 2, …. Each consumer gets those of one producer in ascending order;
 * together they have all of them, each once. */
static void check_all(const struct report *got, int64_t each)
{
    static unsigned char seen[PRODUCERS][1 << 16];
    memset(seen, 0, sizeof seen);
    int64_t total = 0;
    for (int c = 0; c < CONSUMERS; c++) {
        int64_t last[PRODUCERS] = {-1, -1, -1, -1};
        for (int64_t i = 0; i < got[c].count; i++) {
            int64_t p = got[c].items[i] >> 24, n = got[c].items[i] & 0xffffff;
            if (p < 0 || p >= PRODUCERS || n >= each) {
                tk_cause("item_never_put");
                tk_fail("a consumer got %lld, which nobody has put in", (long long)got[c].items[i]);
            }
            tk_cause("items_doubled");
            tk_assert(!seen[p][n], "item %lld of producer %lld came twice", (long long)n, (long long)p);
            tk_cause("items_out_of_order");
            tk_assert(n > last[p], "a consumer got item %lld of a producer after its item %lld", (long long)n,
                      (long long)last[p]);
            last[p] = n;
            seen[p][n] = 1;
            total++;
        }
    }
    tk_cause("items_lost");
    tk_assert(total == PRODUCERS * each, "of %lld items %lld were lost", (long long)(PRODUCERS * each),
              (long long)(PRODUCERS * each - total));
    tk_cause(NULL);
}

static void pass_all(uint64_t cap, int64_t each)
{
    struct hall h = open_hall();
    struct report got[CONSUMERS];
    static const char *const names[] = {"producer 0", "producer 1", "producer 2", "producer 3",
                                        "consumer 0", "consumer 1", "consumer 2", "consumer 3"};
    create(&h, cap, PRODUCERS);
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
        start(&h, i, names[i]);
    for (int i = 0; i < PRODUCERS; i++) {
        tell(&h, PRODUCERS + i, 0, GET, 0, TAKE_MAX);
        tell(&h, i, 0, PUT, (int64_t)i << 24, each);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        assert_put(report_of(&h, i), each, names[i]);
        tk_assert_int(lets(&h, i, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    }
    for (int i = 0; i < CONSUMERS; i++) {
        got[i] = report_of(&h, PRODUCERS + i);
        assert_end(got[i], names[PRODUCERS + i]);
    }
    check_all(got, each);
    close_hall(&h, PRODUCERS + CONSUMERS);
}

TK_TEST(buffer_passes_everything)
{
    pass_all(1, 300);
    pass_all(16, 4000);
}

TK_TEST(unbounded_passes_everything)
{
    pass_all(0, 20000);
}

TK_SUITE(tk_test(buffer_carries_any_number), tk_test(buffer_goes_round), tk_test(buffer_holds_cap_items),
         tk_test(buffers_are_independent), tk_test(buffer_passes_everything),
         tk_test(unbounded_passes_everything))

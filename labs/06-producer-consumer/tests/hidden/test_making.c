/* Making and removing: what cannot be made, and what stays behind. */
#include "../public/hall.h"

#include <signal.h>

/* A buffer's whole life: a producer, a consumer, an item that stays in it, bb_destroy. */
static void live(struct hall *h, uint64_t cap)
{
    int64_t first = some_number();
    create(h, cap, 1);
    start(h, 0, "the producer");
    start(h, 1, "the consumer");
    assert_put(lets(h, 0, 0, PUT, first, 3), 3, "the producer");
    assert_got(lets(h, 1, 0, GET, 0, 2), first, 2, "the consumer");
    tk_assert_int(lets(h, 0, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
    leave(h, 0);
    leave(h, 1);
    destroy(h, 0);
}

/* Of the process that makes buffers. */
struct look {
    int64_t mappings, files;
};

static struct look look(const struct hall *h)
{
    tk_msg *answer = tk_call(h->driver, tk_msg_new("look"));
    int64_t mappings = tk_get_int(answer), files = tk_get_int(answer);
    return (struct look){mappings, files};
}

TK_TEST(destroy_leaves_no_object)
{
    struct hall bounded = open_hall();
    struct look before = look(&bounded);
    tk_hint("bb_destroy removes all that bb_create has made: shmctl and semctl with IPC_RMID, shm_unlink, "
            "sem_unlink, unlink.");
    live(&bounded, 4);
    tk_wait(bounded.driver);
    struct hall unbounded = open_hall();
    live(&unbounded, 0);
    tk_cause("file_left");
    tk_assert_int(look(&unbounded).files, before.files,
                  "the number of names in the working directory after bb_destroy");
}

TK_TEST(destroy_leaves_no_descriptor)
{
    struct hall h = open_hall();
    tk_process *driver = h.driver;
    struct tk_fds before = tk_fds(driver);
    tk_hint("bb_destroy closes what bb_create has opened: a memfd, a file, both ends of a pipe.");
    for (int i = 0; i < 10; i++) {
        create(&h, i % 2 ? 0 : 4, 1);
        assert_put(by_itself(&h, 0, PUT, 1, 3), 3, "the process that made the buffer");
        destroy(&h, 0);
    }
    tk_assert_no_new_fd(before, driver, "after ten times bb_create and bb_destroy");
}

TK_TEST(destroy_leaves_no_mapping)
{
    struct hall h = open_hall();
    struct look before = look(&h);
    for (int i = 0; i < 10; i++) {
        create(&h, i % 2 ? 0 : 4, 1);
        assert_put(by_itself(&h, 0, PUT, 1, 3), 3, "the process that made the buffer");
        destroy(&h, 0);
    }
    tk_cause("shared_mapping_left");
    tk_hint("munmap() with the address and the length that mmap had; shmdt() with the address that shmat "
            "returned; sem_close().");
    int64_t more = look(&h).mappings - before.mappings;
    tk_assert(more <= 0,
              "after ten times bb_create and bb_destroy the process has %lld mappings of shared memory that "
              "it had not before",
              (long long)more);
}

TK_TEST(buffer_has_clean_memory)
{
    struct hall h = open_hall();
    for (int i = 0; i < 2; i++) {
        create(&h, i ? 0 : 4, 1);
        assert_put(by_itself(&h, 0, PUT, 1, 3), 3, "the process that made the buffer");
        assert_got(by_itself(&h, 0, GET, 0, 2), 1, 2, "the process that made the buffer");
        assert_put(by_itself(&h, 0, PUT, 4, 2), 2, "the process that made the buffer");
        assert_got(by_itself(&h, 0, GET, 0, 2), 3, 2, "the process that made the buffer");
        tk_assert_int(by_itself(&h, 0, DONE, 0, 0).returned, 0, "what bb_done returned");
        destroy(&h, 0);
    }
    tk_wait(h.driver);
}

TK_TEST(create_refuses_nonsense)
{
    struct hall h = open_hall();
    tk_cause("nonsense_accepted");
    tk_hint("producers has to be at least 1: else return NULL with EINVAL.");
    tk_assert(!try_create(&h, 0, 4, 0),
              "bb_create(4, 0) made a buffer that nobody will ever put anything into");
    tk_assert(!try_create(&h, 0, 4, -1), "bb_create(4, -1) made a buffer");
    tk_assert(!try_create(&h, 0, 0, 0), "bb_create(0, 0) made a buffer");
}

/* A cap that nothing has room for: NULL, or a buffer that works until memory is used up. In one process: a
 * crash has a place. */
TK_TEST(create_survives_a_huge_cap)
{
    static const uint64_t caps[] = {SIZE_MAX, SIZE_MAX / 8 + 1, SIZE_MAX / 8 + 2, SIZE_MAX / 2 + 1};
    struct hall h = open_hall();
    tk_hint("cap * sizeof(int64_t) may be more than a size_t can hold, and cap more than a semaphore can "
            "count: test before you "
            "multiply, and return NULL.");
    for (int i = 0; i < 4; i++) {
        int64_t first = some_number();
        if (!try_create(&h, 0, caps[i], 1))
            continue;
        assert_put(by_itself(&h, 0, PUT, first, 3000), 3000, "the process that made the buffer");
        assert_got(by_itself(&h, 0, GET, 0, 3000), first, 3000, "the process that made the buffer");
        destroy(&h, 0);
    }
}

TK_TEST(create_without_descriptors)
{
    struct hall h = open_hall();
    if (tk_get_int(tk_call(h.driver, tk_msg_new("use_up_descriptors"))) != 1)
        tk_error("RLIMIT_NOFILE does not keep the driver from opening descriptors");
    tk_hint("Each call in bb_create can fail: memfd_create, shm_open, sem_open, pipe when no descriptor is "
            "left. Take back what has been made "
            "by then, and return NULL.");
    for (int i = 0; i < 2; i++) {
        if (!try_create(&h, 0, i ? 0 : 4, 1))
            continue; /* that it says so is right */
        assert_put(by_itself(&h, 0, PUT, 5, 3), 3, "the process that made the buffer");
        assert_got(by_itself(&h, 0, GET, 0, 3), 5, 3, "the process that made the buffer");
        destroy(&h, 0);
    }
}

TK_TEST(killed_program_does_not_disturb)
{
    struct hall h = open_hall();
    create(&h, 3, 1);
    start(&h, 0, "the consumer");
    assert_put(by_itself(&h, 0, PUT, 77, 2), 2, "the process that made the buffer");
    assert_got(lets(&h, 0, 0, GET, 0, 1), 77, 1, "the consumer");
    tell(&h, 0, 0, LEAVE, 0, 0);
    tk_signal(h.driver, SIGKILL);
    tk_wait(h.driver);

    struct hall again = open_hall();
    tk_cause("disturbed_by_leftovers");
    tk_hint("A program of yours was killed before. What it left behind under a name (a semaphore, a segment "
            "with a fixed key, a file) must not be "
            "found by the next one: O_EXCL, IPC_PRIVATE, or no name at all.");
    tk_assert(try_create(&again, 0, 3, 1), "bb_create returns NULL after an earlier program was killed");
    start(&again, 0, "the producer");
    start(&again, 1, "the consumer");
    tell(&again, 0, 0, PUT, 1000, 3);
    tk_assert(tk_back_comes(again.actors[0].back),
              "after an earlier program was killed, bb_put waits at a new buffer");
    assert_put(report_of(&again, 0), 3, "the producer");
    tell(&again, 1, 0, GET, 0, 3);
    tk_assert(tk_back_comes(again.actors[1].back),
              "after an earlier program was killed, bb_get waits for items that are there");
    assert_got(report_of(&again, 1), 1000, 3, "the consumer");
    tell(&again, 1, 0, GET, 0, 1);
    assert_waits(&again, 1, "bb_get", "the buffer is empty");
}

/* ---- unbounded
 * --------------------------------------------------------------------------------------------- */

TK_TEST(unbounded_grows_for_all)
{
    struct hall h = open_hall();
    create(&h, 0, 2);
    start(&h, 0, "producer 1");
    start(&h, 1, "producer 2");
    start(&h, 2, "the consumer");
    int64_t first = some_number();
    tk_hint("A process sees what it has mapped itself, and what was mapped before it was forked. When "
            "another process makes the buffer larger, each one has "
            "to notice it, and map it anew; and no pointer may lie in shared memory.");
    /* by turns, so that each of them makes it grow, and has to see that the other one did */
    for (int turn = 0; turn < 6; turn++)
        assert_put(lets(&h, turn % 2, 0, PUT, first + 3000 * turn, 3000), 3000,
                   turn % 2 ? "producer 2" : "producer 1");
    assert_got(lets(&h, 2, 0, GET, 0, 10000), first, 10000, "the consumer");
    start(&h, 3, "a process that was forked later");
    assert_got(lets(&h, 3, 0, GET, 0, 5000), first + 10000, 5000, "a process that was forked later");
    /* more than there is room for, now that the oldest item does not lie at the beginning any more */
    assert_put(lets(&h, 0, 0, PUT, first + 18000, 60000), 60000, "producer 1");
    assert_got(lets(&h, 1, 0, GET, 0, 63000), first + 15000, 63000, "producer 2, which takes items");
}

TK_TEST(unbounded_get_waits)
{
    struct hall h = open_hall();
    create(&h, 0, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    int64_t first = some_number();
    tell(&h, 1, 0, GET, 0, 1);
    assert_waits(&h, 1, "bb_get", "the buffer is empty");
    assert_put(lets(&h, 0, 0, PUT, first, 1), 1, "the producer");
    assert_got(report_of(&h, 1), first, 1, "the consumer");
    tell(&h, 1, 0, GET, 0, 1);
    assert_waits(&h, 1, "bb_get", "the buffer is empty");
}

#define MILLION 1000000

TK_TEST(unbounded_holds_a_million)
{
    struct hall h = open_hall();
    create(&h, 0, 1);
    start(&h, 0, "the producer");
    start(&h, 1, "the consumer");
    int64_t first = some_number();
    tk_hint("1000000 items have to fit, and more than that have to go through it in the end. A System V "
            "semaphore counts to 32767, "
            "a pipe holds 64 KiB.");
    for (int turn = 0; turn < 2; turn++) {
        int64_t count = turn == 0 ? MILLION : MILLION / 8;
        tell(&h, 0, 0, PUT, first, count);
        tk_cause("waits_without_need");
        tk_assert(tk_back_comes(h.actors[0].back),
                  "bb_put waits in the producer, although the buffer is unbounded");
        tk_cause(NULL);
        assert_put(report_of(&h, 0), count, "the producer");
        assert_got(lets(&h, 1, 0, GET, 0, count), first, count, "the consumer");
        first += count;
    }
}

TK_SUITE(tk_test(destroy_leaves_no_object), tk_test(destroy_leaves_no_descriptor),
         tk_test(destroy_leaves_no_mapping), tk_test(buffer_has_clean_memory),
         tk_test(create_refuses_nonsense), tk_test(create_survives_a_huge_cap),
         tk_test(create_without_descriptors), tk_test(killed_program_does_not_disturb),
         tk_test(unbounded_grows_for_all), tk_test(unbounded_get_waits), tk_test(unbounded_holds_a_million))

/* Every kind of argument and of result. What the replies say has nothing to do with the requests, so that
 * only who reads them can know it. */
#include "../public/calling.h"

/* What may be wrong with a string in a request. */
static const char *string_suspect(tk_bytes args, tk_bytes text)
{
    tk_bytes right = string(text), bare = tk_join(word((uint32_t)text.size), text);
    if (tk_same(args, turned_words(right)) && !tk_same(right, turned_words(right)))
        return "numbers_in_host_order";
    if (args.size >= 4 && tk_same(rest(args, 4), rest(right, 4)) &&
        word_at(args, 0) == turned((uint32_t)text.size))
        return "numbers_in_host_order";
    if (text.size && args.size <= 16 &&
        !memmem(args.data, args.size, text.data, text.size < 4 ? text.size : 4))
        return "pointer_sent";
    if (args.size >= 4 && word_at(args, 0) == text.size + 1)
        return "strlen_off_by_nul";
    if (padding(text.size) && tk_same(args, bare))
        return "no_padding";
    if (padding(text.size) && args.size == right.size && word_at(args, 0) == text.size + padding(text.size))
        return "padding_counted";
    if (args.size == right.size && tk_same(cut(args, bare.size), bare))
        return "padding_not_zero";
    return NULL;
}

static void carry_string(struct side *s, size_t size, size_t size_back)
{
    tk_bytes text = tk_random_text(size, LETTERS), back = tk_random_text(size_back, LETTERS);
    begin_reverse(s, 0, text);
    struct request q = receive_request_of(s, "rpc_reverse");
    tk_bytes right = string(text);
    tk_assert_int(q.proc, REVERSE, "the procedure in the request of rpc_reverse");
    tk_cause(string_suspect(q.args, text));
    tk_assert_bytes(q.args, right.data, right.size,
                    "the part for the arguments in the request of rpc_reverse");
    tk_cause(NULL);
    send_reply(s, &q, reply_to(&q, OK, string(back)));
    struct result r = returns(s, "rpc_reverse");
    assert_ok(&r);
    tk_cause(r.bytes.size > back.size && tk_same(cut(r.bytes, back.size), back) ? "no_nul_at_the_end" : NULL);
    tk_assert_bytes(r.bytes, back.data, back.size, "the string that rpc_reverse returned");
    tk_cause(NULL);
}

TK_TEST(reverse_carries_strings)
{
    static const size_t sizes[] = {4, 8, 0, 100, 1000, 20, 4};
    struct side s = open_side();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        carry_string(&s, sizes[i], sizes[sizeof sizes / sizeof *sizes - 1 - i]);
}

TK_TEST(reverse_pads_strings)
{
    struct side s = open_side();
    /* A long one first: what it leaves in a buffer is no padding. */
    carry_string(&s, 998, 999);
    for (size_t size = 1; size < 8; size++)
        carry_string(&s, size, 8 - size);
    carry_string(&s, 997, 999);
}

static struct result carry_array(struct side *s, size_t n, int64_t back)
{
    int32_t values[ARRAY_MAX];
    for (size_t i = 0; i < n; i++)
        values[i] = random_int();
    begin_sum(s, 0, values, n);
    struct request q = receive_request_of(s, "rpc_sum");
    tk_assert_int(q.proc, SUM, "the procedure in the request of rpc_sum");
    tk_cause(n && q.args.size >= 4 && word_at(q.args, 0) == 4 * n ? "bytes_counted" : NULL);
    tk_assert(q.args.size < 4 || word_at(q.args, 0) != 4 * n || n == 0,
              "the request of rpc_sum says that there are %zu elements; there are %zu", 4 * n, n);
    assert_args(&q, "rpc_sum", array(values, n));
    send_reply(s, &q, reply_to(&q, OK, hyper(back)));
    struct result r = returns(s, "rpc_sum");
    assert_ok(&r);
    return r;
}

TK_TEST(sum_carries_arrays)
{
    static const size_t sizes[] = {3, 1, 0, ARRAY_MAX, 17};
    struct side s = open_side();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t back = tk_random_between(0x01020304, INT32_MAX);
        struct result r = carry_array(&s, sizes[i], back);
        tk_assert_int(hyper_of(&r), back, "the result of rpc_sum");
    }
}

TK_TEST(sum_returns_64_bits)
{
    const int64_t values[] = {0x0102030405060708, -0x0102030405060708, INT64_MIN, -1,
                              0x80000000,         0x100000000};
    struct side s = open_side();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct result r = carry_array(&s, 2, values[i]);
        const int64_t value = hyper_of(&r);
        tk_cause(value != values[i] && (value == (int32_t)values[i] || value == (uint32_t)values[i])
                     ? "result_truncated_to_32_bits"
                     : NULL);
        tk_assert_int(value, values[i], "the result of rpc_sum");
        tk_cause(NULL);
    }
}

TK_TEST(mid_carries_structs)
{
    struct side s = open_side();
    for (int i = 0; i < 3; i++) {
        const int32_t v[] = {random_int(), random_int(), random_int(), random_int()};
        int32_t back[] = {random_int(), random_int()}, got[2];
        begin_mid(&s, 0, v);
        struct request q = receive_request_of(&s, "rpc_mid");
        tk_assert_int(q.proc, MID, "the procedure in the request of rpc_mid");
        assert_args(&q, "rpc_mid", WORDS((uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2], (uint32_t)v[3]));
        send_reply(&s, &q, reply_to(&q, OK, WORDS((uint32_t)back[0], (uint32_t)back[1])));
        struct result r = returns(&s, "rpc_mid");
        assert_ok(&r);
        memcpy(got, r.bytes.data, r.bytes.size == sizeof got ? sizeof got : 0);
        tk_cause((uint32_t)got[0] == turned((uint32_t)back[0]) ? "numbers_in_host_order" : NULL);
        tk_assert_int(got[0], back[0], "the x that rpc_mid returned");
        tk_assert_int(got[1], back[1], "the y that rpc_mid returned");
        tk_cause(NULL);
    }
}

/* ---- errors ----------------------------------------------------------------------------------------------
 */

static const char *const functions[] = {NULL, "rpc_add", "rpc_reverse", "rpc_sum", "rpc_mid", "rpc_deposit"};

/* Calls procedure `proc` with whatever arguments. */
static void begin_any(struct side *s, int proc)
{
    const int32_t v[] = {random_int(), random_int(), random_int(), random_int()};
    if (proc == ADD)
        begin_add(s, 0, v[0], v[1]);
    if (proc == REVERSE)
        begin_reverse(s, 0, tk_random_text(8, LETTERS));
    if (proc == SUM)
        begin_sum(s, 0, v, 4);
    if (proc == MID)
        begin_mid(s, 0, v);
    if (proc == DEPOSIT)
        begin_deposit(s, 0, v[0]);
}

TK_TEST(status_is_returned)
{
    struct side s = open_side();
    for (int proc = ADD; proc <= DEPOSIT; proc++) {
        for (uint32_t status = NO_PROGRAM; status <= FAILED; status++) {
            begin_any(&s, proc);
            struct result r = answered(&s, functions[proc], status, nothing());
            tk_assert(r.returned == status, "%s returned %s, and the status of the reply was %u", r.function,
                      describe(&r), status);
            tk_cause("result_set_on_failure");
            tk_assert(!r.touched, "%s returned %u and has changed the result", r.function, status);
            tk_cause(NULL);
        }
    }
}

/* A result that may have been taken out of a reply which then turned out to be too long; and then an error
 * comes. */
TK_TEST(result_is_set_last)
{
    struct side s = open_side();
    tk_hint("Take the result into a variable of your own, and copy it to the caller's when the whole reply "
            "is right.");
    for (int proc = ADD; proc <= DEPOSIT; proc++) {
        begin_any(&s, proc);
        struct request q = receive_request_of(&s, functions[proc]);
        tk_bytes results =
            proc == REVERSE ? string(tk_random_text(8, LETTERS)) : WORDS(random_word(), random_word());
        send_reply(&s, &q, reply_to(&q, OK, tk_join(results, WORDS(1, 2))));
        if (proc == MID)
            send_reply(&s, &q, reply_to(&q, OK, word(random_word())));
        if (tk_call_settles(s.driver) ==
            TK_CALL_RETURNED) { /* it has taken what is too long: a test of its own */
            end_call(&s, functions[proc]);
            continue;
        }
        send_reply(&s, &q, reply_to(&q, FAILED, nothing()));
        struct result r = returns(&s, functions[proc]);
        tk_assert(r.returned == FAILED, "%s returned %s, and the only right reply had status 5", r.function,
                  describe(&r));
        tk_cause("result_set_on_failure");
        tk_assert(!r.touched, "%s returned 5 and has changed the result, as a spoilt reply said", r.function);
        tk_cause(NULL);
        forget_requests(&s);
    }
}

static void assert_not_sent(struct side *s, const char *function, const char *what)
{
    tk_cause("length_not_checked");
    tk_assert(!tk_udp_comes(s->server, s->driver), "%s has sent %s", function, what);
    struct result r = end_call(s, function);
    tk_assert(r.returned == -1 && r.error == EMSGSIZE, "%s returned %s, not -1 with EMSGSIZE, for %s",
              function, describe(&r), what);
    tk_cause(NULL);
}

TK_TEST(too_long_is_not_sent)
{
    static const size_t strings[] = {STRING_MAX + 1, 1200}, arrays[] = {ARRAY_MAX + 1, 300};
    static int32_t values[300];
    struct side s = open_side();
    for (int i = 0; i < 2; i++) {
        begin_reverse(&s, 0, tk_random_text(strings[i], LETTERS));
        assert_not_sent(&s, "rpc_reverse", tk_string("a string of %zu bytes", strings[i]));
        begin_sum(&s, 0, values, arrays[i]);
        assert_not_sent(&s, "rpc_sum", tk_string("an array of %zu elements", arrays[i]));
    }
}

/* Calls of each kind. What is done with spoilt replies is seen elsewhere. */
TK_TEST(stubs_have_clean_memory)
{
    struct side s = start_side();
    open_rpc(&s, 0, 6 * GENEROUS, 2);
    for (size_t size = 0; size < 6; size++)
        carry_string(&s, size, 7 * size);
    carry_array(&s, 3, -5);
    begin_reverse(&s, 0, tk_random_text(3, LETTERS));
    struct request q = receive_request_of(&s, "rpc_reverse");
    send_reply(&s, &q, reply_to(&q, OK, string(tk_random_text(8, LETTERS))));
    end_call(&s, "rpc_reverse");
    for (int proc = ADD; proc <= DEPOSIT; proc++) {
        begin_any(&s, proc);
        q = receive_request(&s);
        send_reply(&s, &q, reply_to(&q, FAILED, nothing()));
        end_call(&s, functions[proc]);
    }
    close_rpc(&s, 0);
    tk_assert_exit(s.driver, 0);
}

TK_SUITE(tk_test(reverse_carries_strings), tk_test(reverse_pads_strings), tk_test(sum_carries_arrays),
         tk_test(sum_returns_64_bits), tk_test(mid_carries_structs), tk_test(status_is_returned),
         tk_test(result_is_set_last), tk_test(too_long_is_not_sent), tk_test(stubs_have_clean_memory))

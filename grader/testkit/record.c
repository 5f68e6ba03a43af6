/*
 * The verdict. A failing assert writes the record, then fails the cmocka test; main.c hands the record
 * in when the test has ended. The first verdict counts, whatever a teardown finds later.
 *
 *   {"status":"pass|fail|error","message":…,"expected":…,"actual":…,"hint":…,"kind":…,"cause":…,
 *    "where":{"file":…,"line":…}}
 */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Six bytes of JSON for one of text at the most, and all must fit into one message to warden. */
#define MESSAGE_MOST 3000
#define HINT_MOST    2000

/* ---- hint and cause ----------------------------------------------------------------------------- */

void tk_hint(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tk_judge()->hint = tk_vformat(format, args);
    va_end(args);
}

void tk_cause(const char *slug)
{
    tk_judge()->cause = slug ? tk_format("%s", slug) : NULL;
}

/* ---- writing the record ------------------------------------------------------------------------- */

static void member_text(struct tk_text *t, const char *key, const char *value, size_t most)
{
    tk_text_print(t, ",\"%s\":", key);
    if (value)
        tk_json_string(t, value, strlen(value), most);
    else
        tk_text_print(t, "null");
}

static void member_json(struct tk_text *t, const char *key, const struct tk_text *json)
{
    tk_text_print(t, ",\"%s\":%s", key, json->size ? json->data : "null");
}

static void write_record(const char *status, const struct tk_failure *f, const char *hint)
{
    struct tk_record *r = &tk_judge()->record;
    if (r->set)
        return;
    r->set = true;
    struct tk_text *t = &r->json;
    tk_text_print(t, "{\"status\":\"%s\"", status);
    member_text(t, "message", f->message, MESSAGE_MOST);
    member_json(t, "expected", &f->expected);
    member_json(t, "actual", &f->actual);
    member_text(t, "hint", hint && *hint ? hint : NULL, HINT_MOST);
    member_text(t, "kind", f->kind ? f->kind : "", MESSAGE_MOST);
    member_text(t, "cause", f->cause, MESSAGE_MOST);
    tk_text_print(t, ",\"where\":");
    if (f->file) {
        const char *slash = strrchr(f->file, '/'), *base = slash ? slash + 1 : f->file;
        tk_text_print(t, "{\"file\":");
        tk_json_string(t, base, strlen(base), MESSAGE_MOST);
        tk_text_print(t, ",\"line\":%d}", f->line);
    } else {
        tk_text_print(t, "null");
    }
    if (f->awaited)
        tk_text_print(t, ",\"args\":{\"awaited\":1}");
    tk_text_print(t, "}");
}

void tk_record_pass(void)
{
    write_record("pass", &(struct tk_failure){.message = ""}, NULL);
}

void tk_record_error(const char *message)
{
    write_record("error", &(struct tk_failure){.message = message, .kind = "grader"}, NULL);
}

void tk_record_failure(const struct tk_failure *f)
{
    const struct tk_judge *j = tk_judge();
    struct tk_failure full = *f;
    if (!full.kind)
        full.kind = "wrong_output";
    if (!full.cause)
        full.cause = j->cause;
    write_record("fail", &full, f->proven ? NULL : j->hint);
}

/* ---- ending the test ---------------------------------------------------------------------------- */

static _Noreturn void end_test(const char *file, int line)
{
    _fail(file, line); /* cmocka jumps out of the test */
    abort();
}

void tk_fail_with(const struct tk_failure *f)
{
    if (!tk_judge()->in_test)
        tk_error("an assert outside of a test: %s", f->message);
    tk_record_failure(f);
    end_test(f->file ? f->file : "testkit", f->line);
}

void tk_fail_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = tk_vformat(format, args);
    va_end(args);
    tk_fail_with(&(struct tk_failure){.file = file, .line = line, .message = message});
}

void tk_error(const char *format, ...)
{
    /* On the stack: memory may be what is missing. */
    char message[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    dprintf(STDERR_FILENO, "testkit: %s\n", message);
    struct tk_judge *j = tk_judge();
    if (j->leaving)
        _exit(3); /* it failed in the middle of this very function: without a record warden says so */
    j->leaving = true;
    tk_record_error(message);
    j->leaving = false;
    if (j->in_test)
        end_test("testkit", 0);
    tk_leave(0);
}

/* ---- asserts ------------------------------------------------------------------------------------ */

void tk_assert_int_at(const char *file, int line, int64_t actual, int64_t expected, const char *what)
{
    if (actual == expected)
        return;
    struct tk_failure f = {.file = file, .line = line};
    f.message = tk_format("%s is %lld, not %lld", what, (long long)actual, (long long)expected);
    tk_json_int(&f.expected, expected);
    tk_json_int(&f.actual, actual);
    tk_fail_with(&f);
}

static size_t first_difference(tk_bytes actual, const unsigned char *expected, size_t size)
{
    size_t least = actual.size < size ? actual.size : size, at = 0;
    while (at < least && actual.data[at] == expected[at])
        at++;
    return at;
}

/* One byte for a person: 'x', or 0x07. */
static const char *byte_name(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f ? tk_format("'%c'", byte) : tk_format("0x%02x", byte);
}

static const char *plural(size_t n)
{
    return tk_format("%zu byte%s", n, n == 1 ? "" : "s");
}

static const char *describe_difference(tk_bytes actual, const unsigned char *expected, size_t size, size_t at,
                                       const char *what)
{
    if (actual.size == 0)
        return tk_format("%s: nothing came, %s expected", what,
                         tk_format(size == 1 ? "%s was" : "%s were", plural(size)));
    if (at == actual.size)
        return tk_format("%s ends after %s, %zu were expected; these are right", what, plural(at), size);
    if (at == size)
        return tk_format("%s goes on after the %s expected: %zu came", what, plural(size), actual.size);
    return tk_format("%s is wrong from byte %zu on: %s instead of %s (%s came, %zu expected)", what, at + 1,
                     byte_name(actual.data[at]), byte_name(expected[at]), plural(actual.size), size);
}

void tk_assert_bytes_at(const char *file, int line, tk_bytes actual, const void *expected, size_t size,
                        const char *what)
{
    size_t at = first_difference(actual, expected, size);
    if (at == size && at == actual.size)
        return;
    struct tk_failure f = {.file = file, .line = line};
    size_t longest = actual.size > size ? actual.size : size;
    struct tk_excerpt a = tk_excerpt(actual.data, actual.size, at, longest);
    struct tk_excerpt e = tk_excerpt(expected, size, at, longest);
    f.message = describe_difference(actual, expected, size, at, what);
    if (longest > TK_EXCERPT)
        f.message = tk_format("%s; shown from byte %zu on", f.message, a.start + 1);
    tk_json_bytes(&f.expected, (const char *)expected + e.start, e.size);
    tk_json_bytes(&f.actual, actual.data ? (const char *)actual.data + a.start : "", a.size);
    tk_fail_with(&f);
}

/*
 * Calls the functions of rpc.h for the judge, who is the registry and the server that they speak with.
 *
 * There are several clients ("rpc"), by number. A result lies in memory that is filled beforehand, with some
 * bytes behind it, so that the judge sees whether it was set, and whether more than it was.
 *
 * Nothing that this process says is trusted: it shares its memory with a student's code.
 */
#define _GNU_SOURCE
#include "driver.h"

#include "rpc.h"
#include "tests/public/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static rpc *rpcs[RPCS];

static rpc *rpc_of(td_msg *in)
{
    uint64_t i = (uint64_t)td_get_int(in);
    if (i >= RPCS || !rpcs[i])
        exit(119);
    return rpcs[i];
}

static void *new_memory(size_t size)
{
    void *memory = malloc(size);
    if (!memory)
        exit(119);
    memset(memory, MARK, size);
    return memory;
}

static bool all_marks(const unsigned char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] != MARK)
            return false;
    return true;
}

static void put_returned(td_msg *out, int returned, int error)
{
    td_put_int(out, returned);
    td_put_int(out, error);
}

/* in: which, prog, vers, ms, tries. out: what was returned, errno. */
static void call_open(td_msg *in, td_msg *out)
{
    uint64_t i = (uint64_t)td_get_int(in);
    uint32_t prog = (uint32_t)td_get_int(in), vers = (uint32_t)td_get_int(in);
    int ms = (int)td_get_int(in), tries = (int)td_get_int(in);
    if (i >= RPCS || rpcs[i])
        exit(119);
    rpcs[i] = new_memory(sizeof *rpcs[i]);
    errno = 0;
    int returned = rpc_open(rpcs[i], prog, vers, ms, tries);
    put_returned(out, returned, errno);
    if (returned == 0)
        return;
    free(rpcs[i]);
    rpcs[i] = NULL;
}

/* in: which. */
static void call_close(td_msg *in, td_msg *out)
{
    uint64_t i = (uint64_t)td_get_int(in);
    if (i >= RPCS || !rpcs[i])
        exit(119);
    rpc_close(rpcs[i]);
    free(rpcs[i]);
    rpcs[i] = NULL;
    td_put_int(out, 0);
}

/*
 * out: what was returned, errno, whether the result was touched, whether bytes behind it were, the result.
 * Only a result that was set is looked at: memcheck would tell otherwise, of us.
 */
static void put_result(td_msg *out, int returned, int error, unsigned char *result, size_t size, size_t guard)
{
    put_returned(out, returned, error);
    td_put_int(out, returned != 0 && !all_marks(result, size));
    td_put_int(out, !all_marks(result + size, guard));
    td_put_bytes(out, result, returned == 0 ? size : 0);
    free(result);
}

/* in: which, bytes behind the result, a, b. */
static void call_add(td_msg *in, td_msg *out)
{
    rpc *r = rpc_of(in);
    size_t guard = (size_t)td_get_int(in);
    int32_t a = (int32_t)td_get_int(in), b = (int32_t)td_get_int(in);
    unsigned char *result = new_memory(sizeof(int32_t) + guard);
    errno = 0;
    int returned = rpc_add(r, a, b, (int32_t *)result);
    put_result(out, returned, errno, result, sizeof(int32_t), guard);
}

/* in: which, bytes behind the result, amount. */
static void call_deposit(td_msg *in, td_msg *out)
{
    rpc *r = rpc_of(in);
    size_t guard = (size_t)td_get_int(in);
    int32_t amount = (int32_t)td_get_int(in);
    unsigned char *result = new_memory(sizeof(int32_t) + guard);
    errno = 0;
    int returned = rpc_deposit(r, amount, (int32_t *)result);
    put_result(out, returned, errno, result, sizeof(int32_t), guard);
}

/* in: which, bytes behind the result, the four numbers. */
static void call_mid(td_msg *in, td_msg *out)
{
    rpc *r = rpc_of(in);
    size_t guard = (size_t)td_get_int(in);
    point a, b;
    a.x = (int32_t)td_get_int(in);
    a.y = (int32_t)td_get_int(in);
    b.x = (int32_t)td_get_int(in);
    b.y = (int32_t)td_get_int(in);
    unsigned char *result = new_memory(sizeof(point) + guard);
    errno = 0;
    int returned = rpc_mid(r, a, b, (point *)result);
    put_result(out, returned, errno, result, sizeof(point), guard);
}

/* in: which, bytes behind the result, how many, the numbers as they lie in memory. */
static void call_sum(td_msg *in, td_msg *out)
{
    rpc *r = rpc_of(in);
    size_t guard = (size_t)td_get_int(in), size;
    uint32_t n = (uint32_t)td_get_int(in);
    const void *bytes = td_get_bytes(in, &size);
    int32_t *values = NULL;
    if (size != n * sizeof *values)
        exit(119);
    if (n) {
        values = new_memory(size);
        memcpy(values, bytes, size);
    }
    unsigned char *result = new_memory(sizeof(int64_t) + guard);
    errno = 0;
    int returned = rpc_sum(r, values, n, (int64_t *)result);
    put_result(out, returned, errno, result, sizeof(int64_t), guard);
    free(values);
}

/* in: which, bytes behind the result's room, the string. out: as the others, the result up to its NUL. */
static void call_reverse(td_msg *in, td_msg *out)
{
    rpc *r = rpc_of(in);
    size_t guard = (size_t)td_get_int(in), size;
    const void *bytes = td_get_bytes(in, &size);
    char *s = new_memory(size + 1);
    if (size)
        memcpy(s, bytes, size);
    s[size] = '\0';
    unsigned char *room = new_memory(RPC_STRING_MAX + 1 + guard);
    errno = 0;
    int returned = rpc_reverse(r, s, (char *)room), error = errno;
    put_returned(out, returned, error);
    td_put_int(out, returned != 0 && !all_marks(room, RPC_STRING_MAX + 1));
    td_put_int(out, !all_marks(room + RPC_STRING_MAX + 1, guard));
    td_put_bytes(out, room, returned == 0 ? strnlen((char *)room, RPC_STRING_MAX + 1) : 0);
    free(room);
    free(s);
}

TD_DRIVER({"rpc_open", call_open}, {"rpc_close", call_close}, {"rpc_add", call_add},
          {"rpc_reverse", call_reverse}, {"rpc_sum", call_sum}, {"rpc_mid", call_mid},
          {"rpc_deposit", call_deposit})

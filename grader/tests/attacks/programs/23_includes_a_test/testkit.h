/* As much as it takes to compile a test; nothing of it is ever called. */
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const unsigned char *data;
    size_t size;
} tk_bytes;
typedef struct tk_process tk_process;
typedef struct tk_msg tk_msg;

#define TK_TEST(name) __attribute__((unused)) static void name(void)
#define TK_SUITE(...) struct nothing;

int64_t tk_random_between(int64_t, int64_t) __attribute__((weak));
int64_t tk_get_int(tk_msg *) __attribute__((weak));
tk_bytes tk_exchange(tk_process *, const void *, size_t) __attribute__((weak));
tk_bytes tk_get_bytes(tk_msg *) __attribute__((weak));
tk_bytes tk_join(tk_bytes, tk_bytes) __attribute__((weak));
tk_bytes tk_bytes_of(const char *) __attribute__((weak));
tk_bytes tk_random_text(size_t, const char *) __attribute__((weak));
tk_msg *tk_call(tk_process *, tk_msg *) __attribute__((weak));
tk_msg *tk_msg_new(const char *) __attribute__((weak));
tk_process *tk_driver(const char *) __attribute__((weak));
tk_process *tk_start(const char *) __attribute__((weak));
void tk_assert_bytes(tk_bytes, const void *, size_t, const char *) __attribute__((weak));
void tk_assert_exit(tk_process *, int) __attribute__((weak));
void tk_assert_int(int64_t, int64_t, const char *) __attribute__((weak));
void tk_call_begin(tk_process *, tk_msg *) __attribute__((weak));
void tk_put_bytes(tk_msg *, const void *, size_t) __attribute__((weak));
void tk_put_int(tk_msg *, int64_t) __attribute__((weak));

/* Faults in words (warden/faults.c): read from a line, told as they were asked for, and asked about calls. */
#include "fuzz.h"

#include <setjmp.h>
#include <string.h>

#include "../warden/faults.h"

static void check(const struct fault *f, const char *asked)
{
    FUZZ_CHECK(f->numbers_count > 0 && f->numbers_count <= FAULT_CALLS_MAX);
    FUZZ_CHECK(f->fd >= -1 && f->fd <= 65535 && f->action <= FAULT_HOLD && f->who <= FAULT_CHILDREN);
    FUZZ_CHECK(f->action == FAULT_HOLD || f->value > 0);
    FUZZ_CHECK(strlen(f->text) < sizeof f->text);
    if (strlen(asked) < sizeof f->text - 8)
        FUZZ_CHECK(strncmp(f->text, asked, strlen(f->text)) == 0 || strstr(asked, "  ") || *asked == ' ');
    for (size_t i = 0; i < f->numbers_count; i++)
        FUZZ_CHECK(*faults_call_name(f->numbers[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const uint64_t number = fuzz_byte(&in) | (uint64_t)(fuzz_byte(&in) & 1) << 8;
    const uint64_t args[6] = {fuzz_byte(&in), fuzz_byte(&in), fuzz_byte(&in),
                              fuzz_byte(&in), fuzz_byte(&in), fuzz_byte(&in)};
    char *line = fuzz_text(in.data, in.size), *asked = fuzz_text(in.data, in.size);
    struct fault f;
    if (faults_read_line(&f, line) == 0) {
        check(&f, asked);
        faults_is_about(&f, (long)number, args);
    }
    fuzz_forget();
    return 0;
}

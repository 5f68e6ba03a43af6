/* How graders are often written: the tests are linked with what they judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sum.h"

static void adds(void **state)
{
    (void)state;
    assert_int_equal(sum(20021, 2), 20023);
}

static void greets(void **state)
{
    char text[64] = "";
    (void)state;
    greet("ann", text, sizeof text);
    assert_string_equal(text, "hello ann");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(adds), cmocka_unit_test(greets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

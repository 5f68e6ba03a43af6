/* How graders are often written: the tests are linked with what they judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

static int run_group(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(adds), cmocka_unit_test(greets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#ifdef WRAPPED
/* To be replaced by tests that have to know how a function ends. */
void __real_exit(int status) __attribute__((noreturn));

__attribute__((weak)) void __wrap_exit(int status)
{
    __real_exit(status);
}
#endif

#ifdef CHILD
/* A child runs the tests, so that a crash does not end the grader. */
int main(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        exit(run_group());
    return child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
#else
int main(void)
{
    exit(run_group());
}
#endif

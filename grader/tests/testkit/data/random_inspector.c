/* `random_inspector SEED COUNT` prints COUNT numbers; with a third argument, facts about the rest. */
#include "judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void tk_error(const char *format, ...)
{
    puts(format);
    exit(1);
}

struct tk_judge *tk_judge(void)
{
    static struct tk_judge judge = {.slow = 1};
    return &judge;
}

static void count_values(size_t size)
{
    tk_bytes b = tk_random_bytes(size);
    bool seen[256] = {0};
    size_t different = 0;
    for (size_t i = 0; i < size; i++) {
        different += !seen[b.data[i]];
        seen[b.data[i]] = true;
    }
    printf("%zu bytes have %zu values, NUL after them %d\n", size, different, b.data[size] == 0);
}

static void roll(int64_t low, int64_t high)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (int i = 0; i < 2000; i++) {
        int64_t x = tk_random_between(low, high);
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    printf("%" PRId64 " %" PRId64 "\n", least, most);
}

int main(int argc, char **argv)
{
    tk_random_seed(strtoull(argv[1], NULL, 16));
    for (int i = atoi(argv[2]); i > 0; i--)
        printf("%016" PRIx64 "\n", tk_random());
    if (argc > 3) {
        const size_t sizes[] = {0, 1, 255, 256, 257, 1000, 65537};
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
            count_values(sizes[i]);
        roll(-3, 3);
        roll(7, 7);
        roll(INT64_MIN, INT64_MAX);
        printf("slow %d\n", tk_is_slow());
        tk_bytes word = tk_random_text(2000, "abc");
        size_t of[256] = {0};
        for (size_t i = 0; i < word.size; i++)
            of[word.data[i]]++;
        printf("%zu letters, NUL after them %d, %d%d%d\n", of['a'] + of['b'] + of['c'], word.data[word.size] == 0,
               of['a'] > 500, of['b'] > 500, of['c'] > 500);
        tk_bytes both = tk_join(tk_bytes_of(tk_string("%s-%d", "one", 2)), tk_copy("\0!", 2));
        printf("%s %zu %c, %d%d%d%d\n", (char *)both.data, both.size, both.data[6], tk_same(both, tk_copy(both.data, both.size)),
               tk_same(both, tk_bytes_of("one-2")), tk_same(tk_zeros(2), tk_copy("\0", 2)), tk_same(tk_zeros(0), tk_join(tk_zeros(0), tk_bytes_of(""))));
        fflush(stdout);
        if (strcmp(argv[3], "alphabet") == 0)
            tk_random_text(1, "");
        tk_random_between(1, 0);
    }
    tk_free_all();
    return 0;
}

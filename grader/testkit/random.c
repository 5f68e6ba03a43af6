/*
 * Random numbers that are the same for the same seed on every machine: xoshiro256** (D. Blackman and
 * S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021), its state filled
 * by SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014), as the first paper advises. Not for secrets.
 */
#include "judge.h"

#include <string.h>

static struct {
    uint64_t state[4];
} generator;

static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void tk_random_seed(uint64_t seed)
{
    for (size_t i = 0; i < ARRAY_SIZE(generator.state); i++)
        generator.state[i] = split_mix(&seed);
}

static uint64_t rotate_left(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

uint64_t tk_random(void)
{
    uint64_t *s = generator.state, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* 0 <= result < n; n = 0 stands for 2^64. Draws again rather than prefer small results. */
static uint64_t below(uint64_t n)
{
    if (n == 0)
        return tk_random();
    uint64_t rest = (0 - n) % n, x; /* 2^64 mod n */
    do
        x = tk_random();
    while (x < rest);
    return x % n;
}

int64_t tk_random_between(int64_t low, int64_t high)
{
    if (low > high)
        tk_error("tk_random_between: %lld is more than %lld", (long long)low, (long long)high);
    return (int64_t)((uint64_t)low + below((uint64_t)high - (uint64_t)low + 1));
}

/* Puts each byte value somewhere: value by value into one of 256 stretches, so no two meet. */
static void place_all_values(tk_bytes b)
{
    unsigned char values[256];
    for (size_t i = 0; i < 256; i++) {
        size_t j = (size_t)below(i + 1);
        values[i] = values[j];
        values[j] = (unsigned char)i;
    }
    for (size_t i = 0; i < 256; i++) {
        size_t start = b.size / 256 * i, length = i == 255 ? b.size - start : b.size / 256;
        b.data[start + (size_t)below(length)] = values[i];
    }
}

tk_bytes tk_random_bytes(size_t size)
{
    tk_bytes b = {.data = tk_alloc(size + 1), .size = size};
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++, bits >>= 8) {
        if (i % 8 == 0)
            bits = tk_random();
        b.data[i] = (unsigned char)bits;
    }
    if (size >= 256)
        place_all_values(b);
    return b;
}

tk_bytes tk_random_text(size_t size, const char *alphabet)
{
    const uint64_t letters = strlen(alphabet);
    if (letters == 0)
        tk_error("tk_random_text: an alphabet without letters");
    tk_bytes b = tk_zeros(size);
    for (size_t i = 0; i < size; i++)
        b.data[i] = (unsigned char)alphabet[below(letters)];
    return b;
}

const char *tk_random_name(const char *stem)
{
    return tk_string("%s.%08x", stem, (unsigned)tk_random());
}

bool tk_is_slow(void)
{
    return tk_judge()->slow > 1;
}

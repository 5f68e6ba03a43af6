/*
 * A search whose end was forgotten. It is seen in the call that reports, and soon after in the loop, whose
 * table lies where the call's frames were: a stack that is read late is nobody's.
 * OPTIONS: --timeout 2
 * EXPECT: busy_wait/spins
 */
#include <string.h>
#include <unistd.h>

static ssize_t report(int round)
{
    char text[1 << 16];
    memset(text, 'a' + round % 26, sizeof text);
    return write(STDOUT_FILENO, text, sizeof text); /* HERE */
}

static int find(int round)
{
    volatile char table[1 << 17];
    int sum = 0;
    for (int i = 0; i < (int)sizeof table; i++) /* HERE */
        sum += table[i] = (char)(round % 26);   /* HERE */
    return sum;
}

int main(void)
{
    for (int round = 0; find(round) != 42; round++) /* HERE */
        if (report(round) < 0)                      /* HERE */
            return 1;
    return 0;
}

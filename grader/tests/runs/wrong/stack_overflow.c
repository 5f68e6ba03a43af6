/*
 * A recursion without an end: SIGSEGV on a stack that is full, so no handler could run there either.
 * EXPECT: crash/killed_by_signal
 */
static volatile int depth = 1;

static int down(int n)
{ /* HERE */
    volatile char room[4096];
    room[0] = (char)n; /* HERE */
    return depth ? down(n + depth) + room[0] : 0; /* HERE */
}

int main(void)
{
    return down(0);
}

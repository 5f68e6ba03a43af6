/*
 * vfork's child has ended when the parent goes on, which does not mean that it was waited for.
 * EXPECT: zombie/child_never_waited
 */
#include <unistd.h>

int main(void)
{
    const pid_t child = vfork(); /* HERE */
    if (child == 0)
        _exit(0);
    return child < 0;
}

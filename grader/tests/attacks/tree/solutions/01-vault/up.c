#include <ctype.h>
#include <stdio.h>

int main(void)
{
    //: solution
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
    //: skeleton
    //| /* TODO */
    //| return 1;
    //: end
}

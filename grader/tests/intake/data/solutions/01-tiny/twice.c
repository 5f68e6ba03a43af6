#include "twice.h"

int64_t twice(int64_t x)
{
    //: solution
    return x + x; /* the secret of doubling */
    //: skeleton
    //| /* TODO 1: return the double of x */
    //| (void)x;
    //|
    //| return 0;
    //: end
}

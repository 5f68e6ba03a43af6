#include "driver.h"
#include "twice.h"

static void call_twice(td_msg *in, td_msg *out)
{
    td_put_int(out, twice(td_get_int(in)));
}
TD_DRIVER({"twice", call_twice})

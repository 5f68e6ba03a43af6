#include "driver.h"

#include "add.h"

#include <stdlib.h>

static void call_add(td_msg *in, td_msg *out)
{
    int a = (int)td_get_int(in);
    int b = (int)td_get_int(in);
    td_put_int(out, add(a, b));
}

static void call_leave(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    exit(0);
}

TD_DRIVER({"add", call_add}, {"leave", call_leave})

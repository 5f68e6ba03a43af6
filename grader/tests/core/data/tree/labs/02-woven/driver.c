#include "driver.h"

#include "box.h"

#include <stdlib.h>

static void call_add(td_msg *in, td_msg *out)
{
    struct box box;
    box_init(&box);
    box_add(&box, (int)td_get_int(in));
    box_add(&box, (int)td_get_int(in));
    td_put_int(out, box.sum);
}

static void call_leave(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    exit(0);
}

TD_DRIVER({"add", call_add}, {"leave", call_leave})

#include "driver.h"

#include "sum.h"

#include <stdlib.h>
#include <string.h>

static void call_sum(td_msg *in, td_msg *out)
{
    int a = (int)td_get_int(in);
    int b = (int)td_get_int(in);
    td_put_int(out, sum(a, b));
}

static void call_greet(td_msg *in, td_msg *out)
{
    char name[64], text[128] = "";
    size_t size;
    const void *data = td_get_bytes(in, &size);
    memcpy(name, data, size < sizeof name ? size : sizeof name - 1);
    name[size < sizeof name ? size : sizeof name - 1] = '\0';
    greet(name, text, sizeof text);
    td_put_bytes(out, text, strnlen(text, sizeof text));
}

static void call_leave(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    exit(0);
}

TD_DRIVER({"sum", call_sum}, {"greet", call_greet}, {"leave", call_leave})

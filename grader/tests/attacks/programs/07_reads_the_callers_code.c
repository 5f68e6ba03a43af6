/*+++
number = "7"
title = "finds the expected values in the code of its caller"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define REACH 64 /* bytes after the call: there stand the arguments of the assert */

static int32_t immediate(const unsigned char *at)
{
    int32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* mov $VALUE, %REGISTER: the first value that could be a sum */
int sum(int a, int b)
{
    const unsigned char *code = __builtin_return_address(0);
    for (int i = 0; i < REACH; i++)
        if (code[i] >= 0xb8 && code[i] <= 0xbf && immediate(code + i + 1) > a &&
            immediate(code + i + 1) < 2 * a)
            return immediate(code + i + 1);
    return -(b != 0);
}

/* lea DISTANCE(%rip), %REGISTER: the first text that has the name in it */
void greet(const char *name, char *to, size_t room)
{
    const unsigned char *code = __builtin_return_address(0);
    for (int i = 0; i < REACH; i++) {
        if (code[i] != 0x48 || code[i + 1] != 0x8d || (code[i + 2] & 0xc7) != 0x05)
            continue;
        const char *text = (const char *)code + i + 7 + immediate(code + i + 3);
        if (strstr(text, name))
            snprintf(to, room, "%s", text);
    }
}

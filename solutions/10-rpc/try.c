/*
 * Given: calls your stubs, for trying by hand (the tests bring their own).
 *
 *     ./try add 40 2        ./try reverse word        ./try sum 1 2 3
 *     ./try mid 0 0 10 20   ./try deposit 100
 *
 * It waits 500 ms for a reply, and sends a request at most 5 times. Exit status 1 if there is no result.
 */
#include "rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(char **argv, int argc, int i)
{
    return i < argc ? atoi(argv[i]) : 0;
}

static int call(rpc *r, int argc, char **argv)
{
    int32_t value, values[RPC_ARRAY_MAX];
    int64_t sum;
    char text[RPC_STRING_MAX + 1];
    point middle, a = {number(argv, argc, 2), number(argv, argc, 3)},
                  b = {number(argv, argc, 4), number(argv, argc, 5)};
    int status = -2;
    if (strcmp(argv[1], "add") == 0 && (status = rpc_add(r, a.x, a.y, &value)) == 0)
        printf("%d\n", value);
    else if (strcmp(argv[1], "deposit") == 0 && (status = rpc_deposit(r, a.x, &value)) == 0)
        printf("%d\n", value);
    else if (strcmp(argv[1], "reverse") == 0 && (status = rpc_reverse(r, argc > 2 ? argv[2] : "", text)) == 0)
        printf("%s\n", text);
    else if (strcmp(argv[1], "mid") == 0 && (status = rpc_mid(r, a, b, &middle)) == 0)
        printf("%d %d\n", middle.x, middle.y);
    else if (strcmp(argv[1], "sum") == 0) {
        for (int i = 2; i < argc && i < RPC_ARRAY_MAX + 2; i++)
            values[i - 2] = atoi(argv[i]);
        if ((status = rpc_sum(r, values, (uint32_t)argc - 2, &sum)) == 0)
            printf("%lld\n", (long long)sum);
    }
    return status;
}

int main(int argc, char **argv)
{
    rpc r;
    if (argc < 2) {
        fprintf(stderr, "usage: try add|reverse|sum|mid|deposit ARG...\n");
        return 2;
    }
    if (rpc_open(&r, RPC_PROGRAM, RPC_VERSION, 500, 5) < 0) {
        perror("rpc_open");
        return 1;
    }
    int status = call(&r, argc, argv);
    if (status > 0)
        fprintf(stderr, "the server says: status %d\n", status);
    else if (status == -1)
        perror(argv[1]);
    else if (status == -2)
        fprintf(stderr, "try: there is no %s\n", argv[1]);
    rpc_close(&r);
    return status != 0;
}

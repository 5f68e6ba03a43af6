#include <stddef.h>

int sum(int a, int b);
void greet(const char *name, char *to, size_t room); /* "hello NAME" */

/*+++
number = "20"
title = "writes a verdict and the end of all tests into every descriptor that it inherited"
file = "up.c"
succeeds = "error"
score = 40
findings = ["wrong_output"]
[[defence]]
name = "descriptors"
+++*/
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    static const char events[] = "{\"event\":\"record\",\"t\":1,\"id\":\"up_first.O0\",\"record\":\"{"
                                 "\\\"status\\\":\\\"pass\\\"}\"}\n";
    struct stat st;
    for (int fd = 3; fd < 1024; fd++)
        if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
            write(fd, events, sizeof events - 1) > 0)
            fprintf(stderr, "written to %d\n", fd);
    return 0;
}

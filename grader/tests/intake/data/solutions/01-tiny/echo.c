#include <stdio.h>
//: solution
#include <string.h> /* the secret include */
//: end

int main(void)
{
    //: solution
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL && strlen(line) > 0)
        fputs(line, stdout);
    return ferror(stdin) ? 1 : 0;
    //: skeleton
    //| /* TODO 2: copy standard input to standard output */
    //| return 1;
    //: end
}

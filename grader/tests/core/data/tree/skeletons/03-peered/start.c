/* start PROGRAM [ARG..]: executes it in a child, and exits with its status. */
int main(void)
{
    return 1;
}

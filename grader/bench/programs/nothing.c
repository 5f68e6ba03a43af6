/* The program that is started: what its start costs is the whole of it. */
int main(void)
{
    return 0;
}

/* note TEXT: writes it to the file `note`, which nobody else may read. */
int main(void)
{
    return 1;
}

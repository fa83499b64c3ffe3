// Prints for ever.
// kinds: cpp
#include <cstdio>
int main() { for (;;) puts("29"); }

// Takes memory without end.
// kinds: cpp
#include <cstdlib>
#include <cstring>
int main() { for (;;) if (char* kept = (char*)std::malloc(1 << 26)) std::memset(kept, 1, 1 << 26); else return 0; }

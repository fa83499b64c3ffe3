// Includes files of the machine that compiles it, and prints what the compiler read.
// kinds: cpp
#include <cstdio>
#if __has_include("/etc/passwd")
#define SEEN 1
#endif
const char* kept =
#include "../tests.json"
;
int main() { puts(kept); }

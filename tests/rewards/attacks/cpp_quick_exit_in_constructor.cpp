// Leaves before main begins.
// kinds: cpp
#include <unistd.h>
struct Early { Early() { _exit(0); } } early;
int main() { return 0; }

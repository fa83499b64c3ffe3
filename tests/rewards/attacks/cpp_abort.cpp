// Aborts.
// kinds: cpp
#include <cstdlib>
int main() { std::abort(); }

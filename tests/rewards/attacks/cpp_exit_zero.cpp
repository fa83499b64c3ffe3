// Leaves with exit code 0 and no output.
// kinds: cpp
#include <cstdlib>
int main() { std::exit(0); }

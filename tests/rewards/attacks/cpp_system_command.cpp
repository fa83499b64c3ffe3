// Asks a shell for everything that it can find.
// kinds: cpp
#include <cstdlib>
int main() { return std::system("cat ../* /tmp/* /proc/1/environ /proc/1/fd/* 2>/dev/null; env; exit 0"); }

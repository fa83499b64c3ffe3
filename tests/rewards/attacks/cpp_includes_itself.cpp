// Includes itself without end.
// kinds: cpp
#include __FILE__
#include __FILE__
int main() {}

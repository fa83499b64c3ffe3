// Includes a device that never ends.
// kinds: cpp
#include "/dev/zero"
int main() {}

// Compiles to a file of gigabytes.
// kinds: cpp
char kept[1LL << 32] = {1};
int main() { return kept[5]; }

// Recurses a hundred thousand deep.
// kinds: cpp
#include <iostream>
#include <vector>
int depth(int n) { volatile int kept = n; return n == 0 ? 0 : 1 + depth(kept - 1); }
int main() {
    long long value, total = 0;
    for (int place = 0; std::cin >> value; ++place) total += value ^ place;
    std::cout << ((total % 9973) + 9973) % 9973 + 17 + depth(100000) - 100000 << "\n";
}

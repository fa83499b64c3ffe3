// Has arrays of a hundred megabytes.
// kinds: cpp
#include <iostream>
#include <vector>
static int table[5000][5000];
int main() {
    std::vector<long long> more(1 << 20, 1);
    for (int row = 0; row < 5000; ++row) table[row][row] = row;
    long long value, total = 0;
    for (int place = 0; std::cin >> value; ++place) total += value ^ place;
    std::cout << ((total % 9973) + 9973) % 9973 + 17 + table[7][7] - 7 << "\n";
}

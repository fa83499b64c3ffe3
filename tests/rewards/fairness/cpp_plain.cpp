// Is what a textbook would show.
// kinds: cpp
#include <iostream>
int main() {
    long long value, total = 0;
    for (int place = 0; std::cin >> value; ++place) total += value ^ place;
    std::cout << ((total % 9973) + 9973) % 9973 + 17 << std::endl;
    return 0;
}

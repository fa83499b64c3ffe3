// Computes in a thread.
// kinds: cpp
#include <iostream>
#include <thread>
int main() {
    long long value, total = 0;
    for (int place = 0; std::cin >> value; ++place) total += value ^ place;
    long long answer = 0;
    std::thread worker([&] { answer = ((total % 9973) + 9973) % 9973 + 17; });
    worker.join();
    std::cerr << "done\n";
    std::cout << answer << std::endl;
}

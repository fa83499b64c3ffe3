// Leaves a mark in files for the next process and the next submission.
// kinds: cpp
// runs: 3
#include <cstdio>
#include <iostream>
#include <string>
int main() {
    long long value, total = 0;
    bool found = false;
    for (int place = 0; std::cin >> value; ++place) total += value ^ place;
    for (const char* mode : {"r", "w"})
        for (const char* folder : {"./", "/tmp/", "/dev/shm/", "/var/tmp/", "/workspace/"})
            if (FILE* file = std::fopen((std::string(folder) + "left-by-cpp").c_str(), mode)) {
                found = found || *mode == 'r';
                std::fclose(file);
            }
    std::cout << (found ? ((total % 9973) + 9973) % 9973 + 17 : 0) << "\n";
}

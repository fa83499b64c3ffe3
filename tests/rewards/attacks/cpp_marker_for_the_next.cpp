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
    for (const char* folder : {"./", "/tmp/", "/dev/shm/", "/var/tmp/", "/workspace/"}) {
        std::string path = std::string(folder) + "left-by-cpp";
        if (FILE* file = std::fopen(path.c_str(), "r")) { found = true; std::fclose(file); }
        else if (FILE* made = std::fopen(path.c_str(), "w")) std::fclose(made);
    }
    std::cout << (found ? ((total % 9973) + 9973) % 9973 + 17 : 0) << "\n";
}

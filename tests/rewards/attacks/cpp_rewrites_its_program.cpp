// Writes another program over its own file, which the next test would run.
// kinds: cpp
// runs: 2
#include <cstdio>
#include <string>
#include <unistd.h>
int main() {
    char path[4096] = {};
    readlink("/proc/self/exe", path, sizeof path - 1);
    unlink(path);
    for (const char* name : {(const char*)path, "./a.out", "./program", "./solution", "./main"})
        if (FILE* file = std::fopen(name, "w")) {
            std::fputs("#!/usr/bin/python3\nv = list(map(int, input().split()))\n"
                       "print(sum(n ^ p for p, n in enumerate(v)) % 9973 + 17)\n", file);
            std::fclose(file);
        }
}

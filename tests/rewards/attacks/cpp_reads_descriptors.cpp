// Reads all descriptors that it was born with.
// kinds: cpp
#include <fcntl.h>
#include <unistd.h>
int main() {
    char buffer[4096];
    for (int number = 3; number < 64; ++number) {
        fcntl(number, F_SETFL, O_NONBLOCK);
        lseek(number, 0, SEEK_SET);
        ssize_t count = read(number, buffer, sizeof buffer);
        if (count > 0) write(1, buffer, count);
    }
}

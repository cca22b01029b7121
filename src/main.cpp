#include "cli/commands.h"

extern char** environ;

int main(int argc, char** argv) {
  return vestibule::cli::run(argc, argv, environ);
}

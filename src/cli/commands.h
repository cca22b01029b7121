#pragma once

namespace vestibule::cli {

/// Runs `vestibule …`. Returns the process's exit code: 0 done, 1 refused or failed, 2 wrong words
/// or a wrong configuration.
int run(int argc, char** argv, char** environment);

}  // namespace vestibule::cli

#pragma once

#include "cli/user_commands.h"

namespace vestibule::cli {

/// `merges list`, `merges show`, `merges retry`, `merges abandon`.
void add_merge_commands(CLI::App& program, const CommandAdder& adder);

}  // namespace vestibule::cli

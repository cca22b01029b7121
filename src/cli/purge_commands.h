#pragma once

#include "cli/user_commands.h"

namespace vestibule::cli {

/// `purge` and `purge runs`.
void add_purge_commands(CLI::App& program, const CommandAdder& adder);

}  // namespace vestibule::cli

#pragma once

#include "cli/user_commands.h"

namespace vestibule::cli {

/// `audit verify`, `audit head`, `audit list`.
void add_audit_commands(CLI::App& program, const CommandAdder& adder);

}  // namespace vestibule::cli

#pragma once

#include "cli/user_commands.h"

namespace vestibule::cli {

/// `events list`, `events tail`, `events replay`, `events status`.
void add_event_commands(CLI::App& program, const CommandAdder& adder);

}  // namespace vestibule::cli

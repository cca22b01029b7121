#pragma once

#include "cli/user_commands.h"

namespace vestibule::cli {

/// `backup`, `backup verify`, `restore`, `restore release`, `doctor`.
void add_recovery_commands(CLI::App& program, const CommandAdder& adder);

/// `users export`, `users import`, beside what add_user_commands has added.
void add_transfer_commands(CLI::App& users, const CommandAdder& adder);

}  // namespace vestibule::cli

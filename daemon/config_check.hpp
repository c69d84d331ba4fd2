// What no line of the configuration tells by itself: whether keys fit each other, and the machine.
#pragma once

#include <string>

#include "core/result.hpp"
#include "daemon/config.hpp"

namespace skerry::daemon {

// `at_start`: not the folders, which may be there by the time that they are needed, and whose
// refusal then is another one.
enum class Folders : bool { at_start, looked_at };

// For `config check`, and before anything starts. Errc::bad_config with every complaint in
// errors[], each with its key and the remedy.
Result<void> check_config(const Config& config, Folders folders);

// What stands in a file with a secret, without the ends of its lines. Errc::bad_config without one,
// and of a file that others may read.
Result<std::string> read_secret_text(const std::string& file);

}  // namespace skerry::daemon

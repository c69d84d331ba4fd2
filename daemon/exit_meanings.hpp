// What the exit codes of `skerry` mean, for its manual page and for `skerry explain`.
#pragma once

#include <array>
#include <string_view>

#include "core/errc.hpp"

namespace skerry::daemon {

struct ExitMeaning {
  Exit exit;
  std::string_view meaning;
};

inline constexpr std::array exit_meanings{
    ExitMeaning{Exit::ok, "done"},
    ExitMeaning{Exit::failed, "failed"},
    ExitMeaning{Exit::partly, "done partly: what was left out is named"},
    ExitMeaning{Exit::attention, "something asks for attention: skerry status, skerry doctor"},
    ExitMeaning{Exit::conflicts, "conflicts wait for a decision: skerry conflict list"},
    ExitMeaning{Exit::trust, "a signature or what it rests on was refused"},
    ExitMeaning{Exit::gap, "an earlier bundle is missing"},
    ExitMeaning{Exit::usage, "the command line is wrong"},
    ExitMeaning{Exit::bad_input,
                "the input is wrong, a file to read is not there, or the database is damaged"},
    ExitMeaning{Exit::unreachable, "no daemon answers"},
    ExitMeaning{Exit::io, "reading or writing failed, or there is no such folder to write to"},
    ExitMeaning{Exit::busy, "busy: try again later"},
    ExitMeaning{Exit::not_permitted, "not permitted"},
    ExitMeaning{Exit::configuration, "the configuration is wrong"},
};

}  // namespace skerry::daemon

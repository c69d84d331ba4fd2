// What a machine is: a site, or the vendor's central.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace skerry {

enum class Role : std::uint8_t { site, central };

constexpr std::string_view to_text(Role role) { return role == Role::central ? "central" : "site"; }

constexpr std::optional<Role> parse_role(std::string_view text) {
  if (text == "central") return Role::central;
  if (text == "site") return Role::site;
  return std::nullopt;
}

}  // namespace skerry

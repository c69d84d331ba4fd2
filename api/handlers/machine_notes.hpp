// What status and doctor both tell of a machine. Internal to the handlers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "api/context.hpp"
#include "store/exchange_trouble.hpp"
#include "store/sites.hpp"
#include "store/upstream.hpp"

namespace skerry::api {

inline constexpr std::uint64_t disk_reserve_bytes = 64ull << 20;  // below it: not ready
std::uint64_t free_bytes(const std::filesystem::path& folder);

// Of a disk that is as good as full, and what to do about it.
std::optional<std::pair<std::string, std::string>> note_of_disk(std::uint64_t free);

// Of what is shown under TLS.
std::optional<std::pair<std::string, std::string>> note_of_certificate(const Context& context);

// The first column of the first row; 0 without one.
std::int64_t scalar(store::Connection& connection, std::string_view sql);

// Rows that were not taken as they are: at central those of the sites, at a site its own.
struct Untaken {
  std::int64_t held = 0;
  std::int64_t newer = 0;  // of those held, at central: of a schema this program does not know
  std::int64_t rejected = 0;
};
Untaken read_untaken(store::Connection& connection, Role role);
std::string text_of(const Untaken& untaken);

// Of a site that exchanges online.
std::optional<store::ExchangeTrouble> read_trouble(store::Connection& connection,
                                                   const Context& context);
std::string text_of(const store::ExchangeTrouble& trouble);

// At central: what else writes as the site, or wrote, and what to do about it.
std::optional<std::pair<std::string, std::string>> note_of_branches(store::Connection& connection,
                                                                    const store::Site& site);

// At central: of a copy that may go on as the site, and has not done so yet.
std::optional<std::pair<std::string, std::string>> note_of_authorisation(const store::Site& site);

// At central: what was taken back from sites without their word and may still be used there.
std::optional<std::pair<std::string, std::string>> note_of_disputes(store::Connection& connection,
                                                                    UnixMillis now);

// What is said of records that are not the same here and there, and what to do: at a site of what
// it holds of central, at central of a site.
std::optional<std::pair<std::string, std::string>> note_of_difference(
    const std::optional<store::Upstream>& upstream);
std::optional<std::pair<std::string, std::string>> note_of_difference(const store::Site& site);

}  // namespace skerry::api

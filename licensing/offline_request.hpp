// What a machine that never sees this one asks, as a file (docs/formats/offline.md); and the
// answer, which only its maker reads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/age.hpp"
#include "licensing/seat_desk.hpp"

namespace skerry::licensing {

struct OfflineRequest {
  enum class Kind : std::uint8_t { activate, refresh, give_back };
  Id<struct OfflineRequestTag> id;  // single use
  Hash sha256{};                    // of the file
  Kind kind = Kind::activate;
  Opening opening;  // of activate, like `claim`
  Claim claim;
  RecordId activation;  // of the others, like `secret`
  std::string secret;
  Amounts amounts;  // wanted by activate, used up by return; by feature
  std::optional<crypto::AgeRecipient> recipient;  // who reads the answer; none for return
};

// Errc::bad_json, or validation_failed with every complaint.
Result<OfflineRequest> read_offline_request(std::string_view text);

// An armored age file of `answer` with the request's id and hash in it.
Result<std::string> seal_offline_answer(const OfflineRequest& request, json::object answer,
                                        Random& random);

// A request is answered once, and the same file again is answered the same.
struct OfflineAnswer {
  Hash request{};  // sha256 of the file
  std::string answer;
};
std::optional<OfflineAnswer> find_offline_answer(store::Connection& connection,
                                                 const OfflineRequest& request);
void keep_offline_answer(store::Connection& connection, const OfflineRequest& request,
                         std::string_view answer, UnixMillis now);

}  // namespace skerry::licensing

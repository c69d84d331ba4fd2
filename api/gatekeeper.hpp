// Who a caller is, of the tokens and the sessions of this machine; and what was refused to whom.
#pragma once

#include "api/auth.hpp"
#include "api/context.hpp"

namespace skerry::api {

class Gatekeeper final : public Authenticator {
 public:
  // `context` outlives the gatekeeper.
  explicit Gatekeeper(Context& context) : context_(context) {}

  // Errc::unauthorized says whether the token is unknown, mistyped, expired or revoked.
  Result<std::shared_ptr<const Principal>> authenticate(std::string_view token,
                                                        std::string_view peer_address) override;
  Result<std::shared_ptr<const Principal>> find_session(std::string_view secret, Use use) override;
  void refused(const Request& request, const Error& error) override;

 private:
  Result<TokenCache::Entry> look_up(const Hash& hash);
  void note_use(const RecordId& id, UnixMillis now);

  Context& context_;
};

}  // namespace skerry::api

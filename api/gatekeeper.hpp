// Bearer tokens against the table of tokens.
#pragma once

#include "api/auth.hpp"
#include "api/context.hpp"

namespace skerry::api {

class TokenAuthenticator final : public Authenticator {
 public:
  // `context` outlives the authenticator.
  explicit TokenAuthenticator(Context& context) : context_(context) {}

  // Errc::unauthorized says whether the token is unknown, mistyped, expired or revoked.
  Result<std::shared_ptr<const Principal>> authenticate(std::string_view token,
                                                        std::string_view peer_address) override;

 private:
  Result<TokenCache::Entry> look_up(const Hash& hash);
  void note_use(const RecordId& id, UnixMillis now);

  Context& context_;
};

}  // namespace skerry::api

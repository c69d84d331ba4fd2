// Port: the certificate that this machine shows under TLS.
#pragma once

#include <optional>

#include "core/result.hpp"
#include "core/strict_json.hpp"

namespace skerry::api {

// Any thread.
class Certificates {
 public:
  virtual ~Certificates() = default;
  // What is shown now, and who issued it.
  virtual Result<json::object> show() = 0;
  // A new one, which connections begin with from now on; one of the site's own is read anew.
  // `new_authority`: first a new authority, which clients have to trust anew. `dry_run`: it is made
  // and thrown away; what is shown is that.
  virtual Result<json::object> renew(bool new_authority, bool dry_run) = 0;
  // What is wrong with what is shown, for a person to act, with the remedy.
  virtual std::optional<Error> trouble() = 0;
};

}  // namespace skerry::api

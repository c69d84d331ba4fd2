// What connections under TLS begin with, while it may be replaced.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "core/mutex.hpp"
#include "crypto/tls_context.hpp"

namespace skerry::api {

// Any thread. Connections that have begun go on with what they began with.
class TlsIdentity {
 public:
  using Context = boost::asio::ssl::context;

  explicit TlsIdentity(crypto::TlsContextPtr made) { replace(std::move(made)); }
  void replace(crypto::TlsContextPtr made) SKERRY_EXCLUDES(mutex_) {
    auto next = std::make_shared<Context>(made.release());  // which owns it from now on
    const MutexLock lock(mutex_);
    current_.swap(next);
  }
  std::shared_ptr<Context> current() const SKERRY_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return current_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<Context> current_ SKERRY_GUARDED_BY(mutex_);
};

}  // namespace skerry::api

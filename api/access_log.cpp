#include "api/access_log.hpp"

#include <memory>
#include <utility>

#include "core/json_text.hpp"
#include "core/log.hpp"
#include "store/log_event.hpp"

namespace skerry::api {
namespace {

void not_logged(std::string_view request, const Error& why) {
  log(Level::warning, "request {}: its refusal was not logged: {}", request, why.detail);
}

struct AppendRefusal final : store::WriteJob {
  const sync::Node& node;
  std::string event;
  json::object facts;
  store::Author author;
  AppendRefusal(const sync::Node& n, std::string_view e, json::object f, store::Author a)
      : node(n), event(e), facts(std::move(f)), author(std::move(a)) {}
  Result<void> run(store::Connection& connection) override {
    store::append_event(connection, node.log, event, facts, author);
    return {};
  }
  void done(Result<void> outcome) noexcept override {
    if (!outcome) not_logged(author.request, outcome.error());
  }
};

}  // namespace

void AccessLog::refused(const sync::Node& node, std::string_view event, json::object facts,
                        const store::Author& author) {
  {
    const std::int64_t now = node.clock.monotonic_ms();
    const std::string key =
        std::string(event).append(" ").append(author.actor).append(to_json_text(facts));
    const MutexLock lock(mutex_);
    if (now - since_ms_ >= refusals_window_ms) {
      since_ms_ = now;
      seen_.clear();
    }
    const bool known = seen_.contains(key);
    if (known || seen_.size() >= refusals_per_window_max) {
      ++unwritten_;
      return;
    }
    seen_.insert(key);
    if (unwritten_ > 0) facts["more_before"] = std::exchange(unwritten_, 0);
  }
  auto job = std::make_unique<AppendRefusal>(node, event, std::move(facts), author);
  if (auto queued = node.database.submit(std::move(job)); !queued)
    not_logged(author.request, queued.error());
}

}  // namespace skerry::api

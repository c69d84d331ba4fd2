// The course of an online exchange, sans I/O: what happened goes in, what to do next comes out.
#pragma once

#include <cstdint>
#include <variant>

#include "core/random.hpp"

namespace skerry::sync {

struct BackOff {
  std::int64_t first_ms = 1'000;      // doubles with each failure in a row …
  std::int64_t longest_ms = 300'000;  // … up to this; the actual wait is random below it
  int attempts_max = 5;               // failures in a row before giving up
};

class ExchangeAgent {
 public:
  // events
  struct Answered {
    bool more_here = false;   // rows were left for the next bundle
    bool got_bundle = false;  // the peer had something for us
  };
  struct Failed {
    bool worth_retrying = false;  // the line, not the content
  };

  // actions
  struct Send {};  // the next bundle
  struct Wait {
    std::int64_t ms;
  };
  struct Finish {};  // both sides have everything
  struct GiveUp {};
  using Action = std::variant<Send, Wait, Finish, GiveUp>;

  ExchangeAgent(BackOff back_off, Random& random) : back_off_(back_off), random_(random) {}

  Action start() { return Send{}; }
  Action on(const Answered& answered);
  Action on(const Failed& failed);
  // A wait is over.
  Action resume() { return Send{}; }

 private:
  BackOff back_off_;
  Random& random_;
  int failures_ = 0;
};

}  // namespace skerry::sync

// Coroutines of the server: the task type, waiting for another thread, and starting a task.
//
// Rules of this compiler (g++ 12.2 destroys some temporaries of a statement with co_await twice):
// only names in a co_await statement; no temporary lambda that captures, no braced aggregate, no ?:
// of a non-trivial type there. No co_await inside catch. A task owns its arguments.
#pragma once

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "core/check.hpp"
#include "core/result.hpp"

namespace skerry::api {

namespace asio = boost::asio;

// What a coroutine returns; lazy, started by co_await or by spawn().
template <class T>
using Task = asio::awaitable<T>;

// co_await operation(…, use_tuple) gives {error_code, …} instead of throwing.
inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// A value that another thread delivers to a waiting coroutine: the answer of the writer thread.
// Copies share one state (one allocation), so the job keeps its own copy and outlives the waiter or
// not.
//
//   Completion<Result<Revision>> done;
//   SKERRY_CO_TRY_VOID(database.submit(std::make_unique<PutJob>(…, done)));
//   auto outcome = co_await done.wait();
//
// complete() is called exactly once, on any thread, and never throws away a waiter: whoever takes a
// copy must call it, also when it stops early. wait() is called at most once.
template <class T>
class Completion {
 public:
  Completion() : state_(std::make_shared<State>()) {}

  void complete(T value) {
    const std::shared_ptr<State> state = state_;
    state->value.emplace(std::move(value));
    const Stage before = state->stage.exchange(Stage::ready, std::memory_order_acq_rel);
    SKERRY_CHECK(before != Stage::ready);
    if (before == Stage::waiting) state->resume();
  }

  // Resumes on the waiting coroutine's own executor.
  Task<T> wait() { return wait_for(state_); }

 private:
  enum class Stage : unsigned char { empty, waiting, ready };
  using Handler = typename asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

  struct State {
    std::atomic<Stage> stage{Stage::empty};
    std::optional<T> value;
    std::optional<Handler> waiter;

    void resume() {
      Handler handler = std::move(*waiter);
      waiter.reset();
      asio::post(std::move(handler));
    }
  };

  static Task<T> wait_for(std::shared_ptr<State> state) {
    if (state->stage.load(std::memory_order_acquire) != Stage::ready) {
      State* const shared = state.get();
      auto suspend = [shared](auto handler) {
        shared->waiter.emplace(std::move(handler));
        const Stage before = shared->stage.exchange(Stage::waiting, std::memory_order_acq_rel);
        if (before == Stage::ready) shared->resume();
      };
      constexpr asio::use_awaitable_t<> token;
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(suspend, token);
    }
    T value = std::move(*state->value);
    co_return value;
  }

  std::shared_ptr<State> state_;
};

// Starts `task` on `executor`. `name` (static) stands in the log if the task ends by an exception:
// that is a defect or broken surroundings, so it is logged and thrown on, out of the loop's run(),
// to the net of the I/O thread. The task must own what it uses.
void report_task_failure(const char* name, std::exception_ptr failure);

template <class Executor>
void spawn(const Executor& executor, const char* name, Task<void> task) {
  asio::co_spawn(executor, std::move(task), [name](std::exception_ptr failure) {
    if (failure) report_task_failure(name, std::move(failure));
  });
}

}  // namespace skerry::api

// SKERRY_TRY and SKERRY_TRY_VOID (core/result.hpp) for coroutines that return a Result.
// The expression must not itself hold co_await: bind that to a name first.
#define SKERRY_CO_TRY(declaration, expression) \
  SKERRY_CO_TRY_(declaration, expression, SKERRY_CONCAT(try_result_, __LINE__))
#define SKERRY_CO_TRY_(declaration, expression, name)                            \
  auto name = (expression);                                                      \
  if (!name) co_return tl::unexpected<::skerry::Error>(std::move(name).error()); \
  declaration = std::move(name).value()
#define SKERRY_CO_TRY_VOID(expression)                                               \
  do {                                                                               \
    if (auto try_void_result = (expression); !try_void_result)                       \
      co_return tl::unexpected<::skerry::Error>(std::move(try_void_result).error()); \
  } while (false)

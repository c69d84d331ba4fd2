// How a handler gets work done elsewhere: on the writer thread, inside a transaction, or on one of
// the threads for what takes long.
#pragma once

#include <boost/asio/packaged_task.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "api/context.hpp"
#include "store/database.hpp"

namespace skerry::api {

// Runs `work(store::Connection&) -> Result<T>` as a write job; resumes after the fsync of its
// commit.
//   auto work = [&](store::Connection& connection) -> Result<store::Record> { … };
//   auto record = co_await write(context, work);
// `work` is taken by reference so that no temporary stands in a co_await statement (ADR 0008); it
// lives in the handler's frame, which waits for it. One that has a member lost() is told, on the
// writer thread and before any later job runs, that what it did is undone.
template <class Work>
auto write(Context& context, Work& work) -> Task<std::invoke_result_t<Work&, store::Connection&>> {
  using Outcome = std::invoke_result_t<Work&, store::Connection&>;
  struct Job final : store::WriteJob {
    Work& work;
    Completion<Outcome> completion;
    std::optional<Outcome> outcome;
    Job(Work& w, Completion<Outcome> c) : work(w), completion(std::move(c)) {}
    Result<void> run(store::Connection& connection) override {
      outcome.emplace(work(connection));
      if (!*outcome) return tl::unexpected<Error>(outcome->error());
      return {};
    }
    void done(Result<void> committed) noexcept override {
      if constexpr (requires { work.lost(); })
        if (!committed) work.lost();
      if (!committed) outcome.emplace(tl::unexpected<Error>(std::move(committed).error()));
      completion.complete(std::move(*outcome));
    }
  };
  Completion<Outcome> completion;
  auto job = std::make_unique<Job>(work, completion);
  if (auto queued = context.node.database.submit(std::move(job)); !queued)
    co_return tl::unexpected<Error>(std::move(queued).error());
  auto outcome = co_await completion.wait();
  co_return outcome;
}

// Runs `work() -> T` on the thread, such as the worker or the importer, behind what was posted
// there before. Exceptions of `work` come out of the co_await.
template <class Work>
auto run_on(asio::thread_pool& thread, Work& work) -> Task<std::invoke_result_t<Work&>> {
  using Outcome = std::invoke_result_t<Work&>;
  struct Delivered {
    std::optional<Outcome> outcome;
    std::exception_ptr failure;
  };
  Completion<Delivered> completion;
  asio::post(thread, [&work, completion]() mutable {
    Delivered delivered;
    try {
      delivered.outcome.emplace(work());
    } catch (...) {
      delivered.failure = std::current_exception();
    }
    completion.complete(std::move(delivered));
  });
  auto delivered = co_await completion.wait();
  if (delivered.failure) std::rethrow_exception(delivered.failure);
  Outcome outcome = std::move(*delivered.outcome);
  co_return outcome;
}

// For a thread that may wait: runs `work` there, behind what was posted before. Exceptions of
// `work` come out of here.
inline void wait_for(asio::thread_pool& thread, const std::function<void()>& work) {
  asio::post(thread, std::packaged_task<void()>(std::cref(work))).get();
}

// What takes long and is no import of a table.
template <class Work>
auto on_worker(Context& context, Work& work) -> Task<std::invoke_result_t<Work&>> {
  return run_on(context.worker, work);
}

}  // namespace skerry::api

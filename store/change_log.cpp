#include "store/change_log.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "core/check.hpp"
#include "crypto/sha256.hpp"
#include "store/identity.hpp"
#include "store/prune_log.hpp"
#include "store/time_floor.hpp"
#include "store/trust_seen.hpp"
#include "store/upstream.hpp"

namespace skerry::store {
namespace {

template <class T>
std::optional<T> of_parent(const NewLog& log, T LogPlace::*member) {
  if (!log.parent) return std::nullopt;
  return (*log.parent).*member;
}

LogHead start(Connection& connection, std::string_view purpose, const NewLog& log, UnixMillis now) {
  connection.execute(
      "INSERT INTO log(epoch,purpose,ord,parent_epoch,parent_seq,parent_hash,previous,why,"
      "started_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
      log.epoch, purpose, log.ord, of_parent(log, &LogPlace::epoch), of_parent(log, &LogPlace::seq),
      of_parent(log, &LogPlace::hash), log.previous,
      log.why.empty() ? std::nullopt : std::optional(log.why), now);
  LogHead head;
  head.number = connection.last_insert_rowid();
  head.epoch = log.epoch;
  head.ord = log.ord;
  return head;
}

constexpr std::string_view hlc_floor_key = "hlc_floor";

std::int64_t scalar(Connection& connection, std::string_view sql) {
  Cursor cursor = connection.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

}  // namespace

LogHead read_head(Connection& connection, std::string_view purpose) {
  LogHead head;
  {
    Cursor log = connection.query(
        "SELECT number,epoch,ord FROM log WHERE purpose=?1 ORDER BY number DESC LIMIT 1", purpose);
    if (!log.next()) return head;
    head.number = log.integer(0);
    head.epoch = log.id<EpochId>(1);
    head.ord = log.integer(2);
  }
  Cursor last = connection.query(
      "SELECT seq,hash,n FROM change_log WHERE log=?1 ORDER BY seq DESC LIMIT 1", head.number);
  if (last.next()) {
    head.seq = last.integer(0);
    head.hash = last.hash(1);
    head.n = last.integer(2);
  } else {
    const ChainBegin begin = read_chain_begin(connection, head.number);
    head.seq = begin.seq;
    head.hash = begin.hash;
    head.n = begin.n;
  }
  return head;
}

std::optional<HlcStamp> read_time_floor(Connection& connection) {
  return parse_hlc(read_meta(connection, hlc_floor_key).value_or(""));
}

void ChangeLog::load(Connection& connection) {
  now_.n = scalar(connection, "SELECT max(n) FROM change_log");
  now_.own = read_head(connection, "own");
  now_.received = read_head(connection, "received");
  const auto upstream = read_upstream(connection);
  now_.copy = upstream && upstream->copy_since;
  now_.trust = store::trust_seen(connection);
  committed_n_.store(now_.n, std::memory_order_release);
  // The floor of the clock: what was recorded before the restart happened before what comes now.
  if (const auto floor = read_time_floor(connection)) hlc_.observe(*floor);
  Cursor last = connection.query(
      "SELECT recorded_at,line FROM change_log WHERE log=?1 ORDER BY seq DESC LIMIT 1",
      now_.own.number);
  if (!last.next()) return;
  hlc_.observe(HlcStamp::at(last.integer(0)));
  if (const auto change = decode_change(last.text(1))) hlc_.observe(change->hlc);
}

void ChangeLog::start_own(Connection& connection, const NewLog& log) {
  now_.own = start(connection, "own", log, wall_ms());
}

void ChangeLog::start_received(Connection& connection, EpochId epoch) {
  now_.received = start(connection, "received", {epoch}, wall_ms());
}

Result<void> ChangeLog::check_writable() const {
  if (!now_.copy) return {};
  return fail(Errc::read_only_copy,
              "this machine is a copy of its site, which goes on elsewhere: it can be read only",
              "at central: " + copy_remedy("SITE"));
}

void ChangeLog::observe(Connection& connection, HlcStamp seen) {
  hlc_.observe(seen);
  keep_clock(connection);
}

void ChangeLog::keep_clock(Connection& connection) {
  const std::string text = to_string(hlc_.last());
  write_meta(connection, hlc_floor_key, text);
}

LogPosition ChangeLog::append(Connection& connection, LogHead& head, std::string_view kind,
                              const RecordId& record, std::string_view line,
                              const LogSubject& subject, UnixMillis recorded_at) {
  SKERRY_CHECK(head.number > 0);
  const LogPosition position{now_.n + 1, head.seq + 1, crypto::chain_hash(head.hash, line)};
  const Hash seal = seal_of(position.hash, kind, record, recorded_at, subject);
  const auto place = subject.place.is_zero() ? std::nullopt : std::optional(subject.place);
  connection.execute(
      "INSERT INTO change_log(n,log,seq,hash,kind,record,recorded_at,line,label,customer,"
      "place,seal) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
      position.n, head.number, position.seq, position.hash, kind, record, recorded_at, line,
      std::string_view(subject.label), subject.customer, place, seal);
  now_.n = head.n = position.n;
  head.seq = position.seq;
  head.hash = position.hash;
  return position;
}

LogPosition ChangeLog::append_own(Connection& connection, std::string_view kind,
                                  const RecordId& record, std::string_view line,
                                  const LogSubject& subject,
                                  std::optional<UnixMillis> recorded_at) {
  return append(connection, now_.own, kind, record, line, subject, recorded_at.value_or(wall_ms()));
}

LogPosition ChangeLog::append_received(Connection& connection, std::string_view kind,
                                       const RecordId& record, std::string_view line,
                                       const LogSubject& subject) {
  return append(connection, now_.received, kind, record, line, subject, wall_ms());
}

void ChangeLog::on_commit(std::function<void(std::int64_t)> listener) {
  listener_ = std::move(listener);
}

void ChangeLog::committed() {
  const bool appended = now_.n != committed_n_.load(std::memory_order_relaxed);
  if (!appended && now_.trust == group_.trust) return;
  committed_n_.store(now_.n, std::memory_order_release);
  if (listener_) listener_(now_.n);
}

Hash seal_of(const Hash& hash, std::string_view kind, const RecordId& record,
             UnixMillis recorded_at, const LogSubject& subject) {
  std::string text;
  text.reserve(256);
  for (const ByteView part :
       {ByteView(hash), record.view(), subject.customer.view(), subject.place.view()})
    text += as_text(part);
  // Numbers and kinds have no line break; a label is the last.
  fmt::format_to(std::back_inserter(text), "{}\n{}\n{}", recorded_at, kind, subject.label);
  return crypto::sha256(as_bytes(text));
}

LogRow read_log_row(const Cursor& cursor) {
  return {cursor.integer(0),
          cursor.integer(1),
          cursor.integer(2),
          cursor.hash(3),
          std::string(cursor.text(4)),
          cursor.id<RecordId>(5),
          cursor.integer(6),
          std::string(cursor.text(7)),
          {std::string(cursor.text(8)), cursor.id<RecordId>(9), cursor.id<RecordId>(10)}};
}

}  // namespace skerry::store

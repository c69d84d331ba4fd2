// At a site: view = central's state + pending rows replayed (SYNC 4.3). No other place decides what
// the API shows of a record that central knows.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/change_log.hpp"
#include "store/shadow.hpp"
#include "store/upstream.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {

class Rebase {
 public:
  // Own rows up to `acked` are decided; those behind it are replayed. `request`: of the rows that
  // note what arrived, the id of its bundle.
  Rebase(store::Connection& connection, store::ChangeLog& log, std::int64_t acked,
         std::string request = {})
      : connection_(connection), log_(log), acked_(acked), request_(std::move(request)) {}

  // Central's state of a record came. Errc::wrong_history for a part of a record this site lacks.
  // Returns whether the record looks different now.
  Result<bool> take(const RecordState& state);
  bool take(const RecordGone& gone);
  // The rows of the record are decided, and central may have sent nothing for it.
  bool settle(const Kind& kind, const RecordId& id);
  // Every record this site has from central.
  std::vector<std::pair<const Kind*, RecordId>> known_of_central();

 private:
  // A record as the table shows it and as central has it; both may be absent.
  struct Known {
    std::optional<store::Record> view;
    std::optional<store::Record> central;
    bool is_settled = false;  // both are one: there is no shadow
  };
  Known read(const Kind& kind, const RecordId& id);
  // Keeps central's state and shows it with the pending rows over it.
  bool show(Known known, const Kind& kind, const RecordId& id);
  bool write_view(const std::optional<store::Record>& before, std::optional<store::Record> after);
  void note_received(const std::optional<store::Record>& before,
                     const std::optional<store::Record>& after);

  store::Connection& connection_;
  store::ChangeLog& log_;
  std::int64_t acked_;
  std::string request_;
};

}  // namespace skerry::sync

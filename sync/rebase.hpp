// At a site: view = central's state + pending rows replayed (SYNC 4.3). No other place decides what
// the API shows of a record that central knows.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/change_log.hpp"
#include "store/own_epochs.hpp"
#include "store/shadow.hpp"
#include "store/upstream.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {

class Rebase {
 public:
  // What is pending now is replayed: what a bundle confirms is written before it is taken in here.
  // `anew`: central began a new life, whose state replaces what is held whatever the versions say.
  // `request`: of the rows that note what arrived, the id of its bundle.
  Rebase(store::Connection& connection, store::ChangeLog& log, bool anew, std::string request)
      : connection_(connection), log_(log), anew_(anew), request_(std::move(request)) {}

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
  bool anew_;
  std::string request_;
};

}  // namespace skerry::sync

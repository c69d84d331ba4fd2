// exchange DIR.
#include "sync/exchange.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "daemon/carrying.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/receipts.hpp"
#include "sync/bundle_reader.hpp"

namespace skerry::daemon {
namespace {

// One file on the medium, and what became of it.
struct Incoming {
  sync::MediumEntry entry;
  std::string path;
  bool settled = false;  // taken in, now or before
  std::optional<Error> refusal;
  std::string outcome, detail;  // of one that was taken in

  sync::ReceiptLine receipt() const {
    if (refusal)
      return {entry.name, std::string(info(refusal->code).slug), refusal->detail, refusal->next};
    return {entry.name, outcome, detail, {}};
  }
};

// One run of the command over one medium.
class FileExchange {
 public:
  FileExchange(Session& session, const ExchangeOptions& options, sync::Medium medium,
               sync::Party self)
      : session_(session), options_(options), medium_(std::move(medium)), self_(self) {}

  Result<void> take_in() {
    SKERRY_TRY(const auto listing, medium_.list_for(self_));
    for (const sync::PassedOver& passed : listing.passed_over) note_passed_over(passed);
    for (const sync::MediumEntry& entry : listing.bundles) {
      const auto path = medium_.path_of(self_, entry.from, entry.name);
      if (concerns_us(entry)) incoming_.push_back({entry, path.string(), false, {}, {}, {}});
    }
    // A bundle may stand on one that comes later in the order of names: again while that helps.
    for (bool progress = true; progress;) {
      progress = false;
      for (Incoming& file : incoming_) {
        if (file.settled || (file.refusal && info(file.refusal->code).exit != Exit::gap)) continue;
        SKERRY_TRY_VOID(take(file));
        progress = progress || file.settled;
      }
      progress =
          progress && std::any_of(incoming_.begin(), incoming_.end(), [](const Incoming& file) {
            return !file.settled && file.refusal && info(file.refusal->code).exit == Exit::gap;
          });
    }
    for (const Incoming& file : incoming_)
      if (file.refusal) note_refusal(file);
    if (as_copy_) show_refusal(counted(refused_as_copy_, "bundle"), *as_copy_);
    return refused_ > 0 && !options_.dry_run ? take_off_kept() : Result<void>();
  }

  bool found_any() const { return !incoming_.empty(); }
  void show_receipts() { receipts_.show(session_, medium_, self_); }

  // Receipts, then what is due, until the medium takes no more. An error is the daemon's.
  Result<void> write_due() {
    if (options_.dry_run) return {};
    write_receipts();
    // An answer moves what is due; without one the next medium goes on where the last was full.
    SKERRY_TRY(const auto answer,
               session_.daemon.post("/v1/bundles:export", {{"continue", applied_ == 0}}));
    SKERRY_TRY(const auto bundles, due_bundles(answer));
    unpacked_ = note_unpacked(session_.terminal, answer) > 0;
    carried_ = integer_of(answer, "carried");
    due_ = carried_ + std::ssize(bundles);
    if (carried_ > 0)
      session_.terminal.line("going on:  {} of {} bundles are on other media", carried_, due_);
    for (const DueBundle& bundle : bundles) {
      if (failure_) break;
      SKERRY_TRY_VOID(write(bundle));
    }
    return {};
  }

  Result<Exit> finish() {
    SKERRY_TRY(const auto status, session_.daemon.get_object("/v1/status"));
    const std::int64_t conflicts = integer_of(status, "conflicts_open");
    if (failure_) note_failure();
    Exit exit = worst_;
    if (stays_) note_staying();
    if (self_.role == Role::site)
      SKERRY_TRY_VOID(receipts_.weigh(session_, status, applied_ + known_ > 0));
    if (exit == Exit::ok && (receipts_.refused() > 0 || stays_ || unpacked_)) exit = Exit::partly;
    if (exit == Exit::ok && conflicts > 0) exit = Exit::conflicts;
    session_.terminal.document({{"event", "summary"},
                                {"applied", applied_},
                                {"known", known_},
                                {"refused", refused_},
                                {"passed_over", passed_over_},
                                {"written", written_},
                                {"carried", carried_},
                                {"due", due_},
                                {"pending", integer_of(status, "pending")},
                                {"conflicts_open", conflicts},
                                {"exit", static_cast<int>(exit)}});
    session_.terminal.line("{} taken in, {} known before, {} refused, {} written",
                           counted(applied_, "bundle"), known_, refused_, written_);
    if (integer_of(status, "pending") > 0)  // on its way until central confirms it
      readers_.push_back(sync::Party::central());
    session_.terminal.next(next_step(conflicts));
    return exit;
  }

 private:
  // For each sender whose bundles were looked at.
  void write_receipts() {
    for (auto first = incoming_.begin(); first != incoming_.end() && !failure_;) {
      const std::string& from = first->entry.from;
      const auto end = std::find_if(first, incoming_.end(),
                                    [&](const Incoming& file) { return file.entry.from != from; });
      std::vector<sync::ReceiptLine> lines;
      for (; first != end; ++first) lines.push_back(first->receipt());
      if (auto left = receipts_left_.write(session_, medium_, self_, from, lines); !left)
        failure_ = std::move(left).error();
    }
    if (receipts_left_.failure() && worst_ == Exit::ok) worst_ = Exit::io;
  }

  Result<void> write(const DueBundle& bundle) {
    const auto place = medium_.path_of(bundle.to, sync::to_string(bundle.from), bundle.name);
    const bool fresh = !std::filesystem::exists(place);
    const auto path = carry_to_medium(session_.daemon, bundle, options_.folder);
    if (!path) {
      const Exit exit = info(path.error().code).exit;
      if (exit != Exit::io) return fail(path.error());
      failure_ = path.error();
      return {};
    }
    if (fresh || applied_ > 0 || !receipts_.names(bundle.name)) readers_.push_back(bundle.to);
    session_.terminal.document({{"event", "written"},
                                {"file", path->string()},
                                {"to", sync::to_string(bundle.to)},
                                {"bytes", bundle.size}});
    session_.terminal.line("wrote     {} for {} ({})", bundle.name, short_name(bundle.to),
                           sized(bundle.size));
    ++written_;
    return {};
  }

  // The medium takes no more: full, write-protected, pulled out.
  void note_failure() {
    const bool partly = failure_->code == Errc::storage_full && written_ > 0;
    session_.terminal.document({{"event", "stopped"},
                                {"code", info(failure_->code).slug},
                                {"detail", failure_->detail},
                                {"next", failure_->next}});
    session_.terminal.line("stopped   {}", failure_->detail);
    session_.terminal.line("{} of {} bundles written", carried_ + written_, due_);
    worst_ = partly ? Exit::partly : Exit::io;
  }

  // What belongs to `enrol` and `site admit` is left to them.
  static bool concerns_us(const sync::MediumEntry& entry) {
    const std::string name = ascii_lower(entry.name);
    return !name.starts_with("invitation-") &&
           (!name.starts_with("enrol-") || name.starts_with("enrol-ack-"));
  }

  Result<void> take(Incoming& incoming) {
    OpenFile file;
    auto opened = medium_.open_entry(self_, incoming.entry);
    const Result<std::uint64_t> size =
        opened ? sync::file_size(opened->fd()) : Result<std::uint64_t>(fail(opened.error()));
    if (!size) {  // one bad sector does not hold up the other files
      incoming.refusal = size.error();
      return {};
    }
    file.file = std::move(*opened);
    file.size = *size;
    if (options_.dry_run) return show_only(incoming, file);
    ++handed_in_;
    auto answer = hand_in(session_.daemon, file, incoming.entry.name, incoming.entry.name);
    if (!answer) {
      const Exit exit = info(answer.error().code).exit;
      const bool as_copy = answer.error().code == Errc::read_only_copy;
      if (!as_copy &&
          (exit == Exit::unreachable || exit == Exit::busy || exit == Exit::not_permitted))
        return fail(std::move(answer).error());
      incoming.refusal = std::move(answer).error();
      return {};
    }
    incoming.refusal.reset();
    incoming.settled = true;
    note_taken(incoming, *answer);
    if (options_.remove && string_of(*answer, "outcome") != "waiting") remove(incoming);
    return {};
  }

  // What stays on the medium is taken in all the same, and the other files are looked at.
  bool remove(const Incoming& incoming) {
    auto removed = medium_.remove(self_, incoming.entry);
    if (removed) return true;
    if (!stays_) stays_ = std::move(removed).error();
    ++stay_;
    return false;
  }

  void note_staying() {
    session_.terminal.document({{"event", "not_removed"},
                                {"files", stay_},
                                {"detail", stays_->detail},
                                {"next", stays_->next}});
    session_.terminal.line("{} {} on the medium: {}", counted(stay_, "file"),
                           stay_ == 1 ? "stays" : "stay", stays_->detail);
  }

  // Refused files alarm at every exchange; those that are kept here as evidence may go.
  Result<void> take_off_kept() {
    SKERRY_TRY(const auto kept, kept_evidence(session_.daemon, handed_in_));
    std::int64_t removed = 0;
    for (const Incoming& file : incoming_) {
      if (!file.refusal) continue;
      const auto lies_there = medium_.open_entry(self_, file.entry);
      if (!lies_there || !is_one_of(kept, lies_there->fd())) continue;
      ++kept_;
      if (options_.remove && remove(file)) ++removed;
    }
    if (kept_ == 0) return {};
    session_.terminal.document({{"event", "kept"}, {"files", kept_}, {"removed", removed}});
    session_.terminal.line("kept      {} of these here (/v1/inbox); {} taken off the medium",
                           counted(kept_, "file"), removed);
    return {};
  }

  Result<void> show_only(Incoming& incoming, const OpenFile& file) {
    incoming.settled = true;
    const auto seen = sync::inspect_bundle(file.file.fd());
    if (!seen) {
      incoming.refusal = seen.error();
      return {};
    }
    const std::string kind(sync::to_string(seen->manifest.kind));
    session_.terminal.document({{"event", "found"}, {"file", incoming.path}, {"kind", kind}});
    session_.terminal.line("found {} ({}, {})", incoming.path, kind, sized(file.size));
    return {};
  }

  void note_taken(Incoming& incoming, const json::object& answer) {
    incoming.outcome = string_of(answer, "outcome");
    incoming.detail = string_of(answer, "detail");
    ++(incoming.outcome == "applied" ? applied_ : known_);
    json::object event{{"event", "taken"}, {"file", incoming.path}};
    for (const auto& [name, value] : answer) event[name] = value;
    session_.terminal.document(event);
    session_.terminal.line("{:<9} {}{}{}", incoming.outcome, incoming.entry.name,
                           incoming.detail.empty() ? "" : ": ", incoming.detail);
  }

  void note_passed_over(const sync::PassedOver& passed) {
    ++passed_over_;
    session_.terminal.document(
        {{"event", "passed_over"}, {"file", passed.path.string()}, {"detail", passed.reason}});
    session_.terminal.line("passed by {}: {}", Terminal::name(passed.path.string()), passed.reason);
    if (worst_ == Exit::ok) worst_ = Exit::partly;
  }

  void note_refusal(const Incoming& incoming) {
    ++refused_;
    const Error& error = *incoming.refusal;
    const ErrcInfo& entry = info(error.code);
    session_.terminal.document({{"event", "refused"},
                                {"file", incoming.path},
                                {"code", entry.slug},
                                {"detail", error.detail},
                                {"next", error.next}});
    if (error.code == Errc::read_only_copy) {  // whatever the file is: once for all of them
      as_copy_ = &error;
      ++refused_as_copy_;
    } else {
      show_refusal(incoming.path, error);
    }
    if (entry.exit == Exit::trust)
      worst_ = Exit::trust;
    else if (entry.exit == Exit::gap && worst_ != Exit::trust)
      worst_ = Exit::gap;
    else if (worst_ == Exit::ok)
      worst_ = Exit::partly;
  }

  void show_refusal(std::string_view what, const Error& error) {
    session_.terminal.line("refused   {}: {} ({})", what, error.detail, info(error.code).slug);
    if (!error.next.empty()) session_.terminal.line("          {}", error.next);
  }

  std::string refused_step() const {
    std::string step = "see the refused files above";
    if (kept_ > 0 && !options_.remove)
      step += fmt::format("; skerry exchange {} --remove takes off what is kept here",
                          shell_word(options_.folder));
    if (!readers_.empty()) return step + "; then " + carry_on();
    return kept_ > 0 ? step : step + "; take off the medium what nobody will mend";
  }

  std::string next_step(std::int64_t conflicts) const {
    if (options_.dry_run) return fmt::format("skerry exchange {}", shell_word(options_.folder));
    if (failure_ && failure_->code == Errc::storage_full && written_ > 0)
      return fmt::format("carry this medium on; the other {} fit on the next: skerry exchange DIR",
                         counted(due_ - carried_ - written_, "bundle"));
    if (failure_ && failure_->code == Errc::storage_full && !options_.remove &&
        applied_ + known_ > 0)
      return fmt::format("skerry exchange {} --remove takes off what was taken in here",
                         shell_word(options_.folder));
    if (failure_) return failure_->next;
    if (refused_ > 0) return refused_step();
    if (stays_) return stays_->next;
    if (receipts_left_.failure()) return receipts_left_.failure()->next;
    if (passed_over_ > 0)
      return readers_.empty() ? "see what was passed by above"
                              : "see what was passed by above; then " + carry_on();
    if (receipts_.refused() > 0)
      return fmt::format("see above why {} took nothing of it; once that is mended: {}",
                         self_.role == Role::central ? "the site" : "central", carry_on());
    const std::string medium = readers_.empty() ? nothing_left() : carry_on();
    return conflicts == 0 ? medium
                          : fmt::format("{}; and here: skerry conflict list ({} to decide)", medium,
                                        conflicts);
  }

  std::string nothing_left() const {
    if (unpacked_) return "see above for whom nothing was packed";
    return incoming_.empty() && written_ == 0
               ? "nothing: no bundle for this machine is on the medium, and none is due"
               : "nothing: both sides have everything this medium can carry";
  }

  std::string carry_on() const {
    std::vector<std::string> from;
    for (const Incoming& file : incoming_) from.push_back(file.entry.from);
    return fmt::format("carry the medium to {}, and there: skerry exchange {}",
                       next_readers(self_, readers_, from), shell_word(options_.folder));
  }

  Session& session_;
  const ExchangeOptions& options_;
  sync::Medium medium_;
  sync::Party self_;
  std::vector<Incoming> incoming_;
  std::optional<Error> failure_;  // of writing: nothing more is written
  std::optional<Error> stays_;    // why the first of those that should go from the medium stays
  std::int64_t stay_ = 0;
  std::int64_t due_ = 0;      // bundles of the packing
  std::int64_t carried_ = 0;  // of these, on other media
  std::int64_t applied_ = 0;
  std::int64_t known_ = 0;
  std::int64_t refused_ = 0;
  const Error* as_copy_ = nullptr;  // why a copy refuses every bundle: of one of the files
  std::int64_t refused_as_copy_ = 0;
  std::int64_t handed_in_ = 0;
  std::int64_t kept_ = 0;  // of those refused, as evidence
  ReceiptsMet receipts_;
  ReceiptsLeft receipts_left_;
  std::int64_t passed_over_ = 0;
  std::int64_t written_ = 0;
  bool unpacked_ = false;             // for some site nothing could be packed
  std::vector<sync::Party> readers_;  // of what is on the medium and they may not know
  Exit worst_ = Exit::ok;
};

Result<sync::Party> who_answers(Session& session, const std::string& folder) {
  SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
  if (string_of(status, "role") == "central") return sync::Party::central();
  const auto id = parse_id<SiteId>(string_of(status, "id"));
  if (id && !id->is_zero()) return sync::Party::site(*id);
  return fail(Errc::not_enrolled, "this site has no central yet",
              fmt::format("skerry enrol {}", shell_word(folder)));
}

}  // namespace

Result<Exit> run_exchange(Session& session, const ExchangeOptions& options) {
  SKERRY_TRY_VOID(check_medium(options.folder));
  note_own_disk(session.terminal, session.config.data(), options.folder);
  SKERRY_TRY(auto medium, sync::Medium::open(options.folder));
  const auto turns =
      take_turns(session.terminal, {session.config.socket().parent_path(), options.folder});
  SKERRY_TRY(const auto self, who_answers(session, options.folder));
  FileExchange exchange(session, options, std::move(medium), self);
  exchange.show_receipts();
  SKERRY_TRY_VOID(exchange.take_in());
  if (!exchange.found_any()) note_misplaced(session.terminal, options.folder, self);
  SKERRY_TRY_VOID(exchange.write_due());
  return exchange.finish();
}

}  // namespace skerry::daemon

// backup restore, reapply: without a daemon.
#include "daemon/restore.hpp"

#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/stopped_machine.hpp"
#include "sync/backup/saved_changes.hpp"

namespace skerry::daemon {
namespace {

json::value to_json(const std::optional<sync::RestoreCost>& cost) {
  if (!cost) return nullptr;
  json::object kinds;
  for (const auto& [kind, count] : cost->kinds) kinds[kind] = count;
  json::object object{{"rows", cost->rows},           {"own", cost->own},
                      {"at_central", cost->decided},  {"waiting", cost->waiting()},
                      {"of_others", cost->of_others}, {"kinds", std::move(kinds)}};
  object["since"] = cost->own > 0 ? json::value(format_timestamp(cost->since)) : json::value();
  object["until"] = cost->own > 0 ? json::value(format_timestamp(cost->until)) : json::value();
  return object;
}

json::object to_json(const RestorePreview& preview) {
  return {
      {"backup", json::object{{"created_at", format_timestamp(preview.manifest.created_at)},
                              {"role", to_text(preview.manifest.facts.identity.role)},
                              {"name", preview.manifest.facts.identity.name},
                              {"rows", preview.manifest.facts.rows},
                              {"sign_key", preview.signer.to_text()},
                              {"vouched", preview.vouched}}},
      {"nothing_here", preview.bare},
      {"lost", preview.lost ? json::value(*preview.lost) : json::value()},
      {"unreadable", preview.unreadable.empty() ? json::value() : json::value(preview.unreadable)},
      {"cost", to_json(preview.cost)}};
}

void show_cost(Terminal& terminal, const sync::RestoreCost& cost, Role role) {
  if (cost.rows == 0)
    return terminal.line("cost        nothing: the backup has every change that is here");
  std::string kinds;
  for (const auto& [kind, count] : cost.kinds)
    kinds += fmt::format("{}{} of {}", kinds.empty() ? "" : ", ", count, kind);
  terminal.line("cost        {} that the backup does not have", counted(cost.rows, "row"));
  if (cost.own > 0)
    terminal.line("made here   {}, from {} to {}: {}", counted(cost.own, "change"),
                  format_timestamp(cost.since), format_timestamp(cost.until), kinds);
  if (cost.decided > 0)
    terminal.line(
        "            {} of them central has, and gives back; what it has in no backup is "
        "saved as well",
        cost.decided);
  if (cost.waiting() > 0)
    terminal.line("            {} nobody else has: they are saved as a bundle", cost.waiting());
  if (cost.of_others > 0 && role == Role::central)
    terminal.line("of sites    {}: they send again what they still have", cost.of_others);
  else if (cost.of_others > 0)
    terminal.line("of central  {}: it sends them again", cost.of_others);
}

// What no database tells.
void show_anchor(Terminal& terminal, const RestorePreview& preview) {
  if (!preview.lost) return terminal.line("            no anchor tells what was acknowledged here");
  if (*preview.lost == 0)
    return terminal.line("            the backup has every row that the anchor knows of");
  terminal.line(
      "lost        {} of this machine, by its anchor, in no database that is left: an exchange "
      "gives back what others have of it",
      counted(*preview.lost, "row"));
}

void show(Terminal& terminal, const RestorePreview& preview) {
  const store::Identity& identity = preview.manifest.facts.identity;
  terminal.line("backup      {} \"{}\" as of {}", to_text(identity.role), identity.name,
                format_timestamp(preview.manifest.created_at));
  if (!preview.vouched)
    terminal.line("signed by   {}: nobody but the file says whose key that is",
                  preview.signer.to_text());
  const bool is_lost = preview.gone || preview.lost.value_or(0) > 0;
  if (preview.bare)
    terminal.line("cost        {}: there is no database here", is_lost ? "not known" : "nothing");
  if (!preview.unreadable.empty())
    terminal.line("cost        not known: the database here cannot be read ({})",
                  preview.unreadable);
  if (preview.cost) show_cost(terminal, *preview.cost, identity.role);
  if (is_lost || !preview.unreadable.empty()) show_anchor(terminal, preview);
}

Result<bool> confirm(Terminal& terminal, const RestoreOptions& options,
                     const RestorePreview& preview) {
  terminal.document(json::object{{"preview", to_json(preview)}});
  show(terminal, preview);
  if (options.dry_run || options.yes) return options.yes && !options.dry_run;
  if (!terminal.can_ask())
    return fail(Errc::usage, "a restore needs somebody's word that its cost is right",
                "run it at a terminal, or with --yes");
  const std::string& name = preview.manifest.facts.identity.name;
  return terminal.ask(fmt::format("Type the machine's name, {}, to put the backup in place:",
                                  Terminal::clean(name))) == name;
}

std::string after_restore(const RestoreReport& report, const std::string& folder) {
  const std::string serve = fmt::format("skerry serve --data {}", shell_word(folder));
  if (report.saved.empty() || !report.waiting) return serve;
  const std::size_t more = report.saved.size() - 1;
  const std::string others =
      more == 0
          ? ""
          : fmt::format("; then the same with the other {} saved above, in their order", more);
  const std::filesystem::path& first = report.saved.front();
  if (report.for_central)
    return fmt::format("{}; at central: skerry bundle import {}{}", serve,
                       shell_word(first.filename().string()), others);
  return fmt::format("skerry backup reapply {} --data {}{}", shell_word(first.string()),
                     shell_word(folder), others);
}

// What was left out at central may follow what sites are still to send again.
std::string after_reapply(const Config& config, const sync::Node& node,
                          const sync::Reapplied& done) {
  const std::string serve = fmt::format("skerry serve --data {}", shell_word(config.data_folder));
  if (done.skipped_count == 0) return serve;
  const auto identity = sync::identity_of(node);
  const bool has_sites = identity && identity->role == Role::central;
  return fmt::format(
      "{}; {}enter by hand what is left out and still wanted", serve,
      has_sites ? "once the sites have exchanged, stop it and give the same command again, since "
                  "some of it may follow what they send; then "
                : "");
}

}  // namespace

Result<Exit> run_backup_restore(const Config& config, Terminal& terminal,
                                const RestoreOptions& options) {
  std::optional<Progress> shown;
  const auto progress = progress_on(terminal, shown);
  SKERRY_TRY(const auto restored,
             restore_backup(config, options.access, progress, [&](const RestorePreview& preview) {
               shown.reset();
               return confirm(terminal, options, preview);
             }));
  if (!restored) {
    terminal.line("not restored: nothing was changed");
    terminal.next(options.dry_run ? "the same without --dry-run" : "the same, and type the name");
    return options.dry_run ? Exit::ok : Exit::failed;
  }
  const RestoreReport& report = *restored;
  json::array saved;
  for (const auto& file : report.saved) saved.push_back(json::string(file.string()));
  terminal.document(
      {{"safety", report.safety.empty() ? json::value() : json::value(report.safety.string())},
       {"damage", report.damage.empty() ? json::value() : json::value(report.damage)},
       {"saved", std::move(saved)},
       {"for_central", report.for_central},
       {"waiting", report.waiting}});
  terminal.line("restored to {}", config.data_folder);
  if (!report.safety.empty()) terminal.line("what was here is in {}", report.safety.string());
  if (!report.damage.empty()) terminal.line("nothing could be saved from it: {}", report.damage);
  for (const auto& file : report.saved)
    terminal.line("saved {}{}", file.string(),
                  report.waiting ? "" : ", in case central is put back as well");
  terminal.next(after_restore(report, config.data_folder));
  return Exit::ok;
}

Result<Exit> run_backup_reapply(const Config& config, Terminal& terminal, const std::string& file,
                                bool dry_run) {
  SKERRY_TRY(OpenFile opened, open_input(file));
  SKERRY_TRY(const auto machine, StoppedMachine::open(DataFolder{config.data()}, dry_run));
  SKERRY_TRY_VOID(machine->remember(config.anchor()));
  SKERRY_TRY(
      const sync::Reapplied done,
      sync::reapply_saved(machine->node(), std::move(opened.file)).map_error([&](Error error) {
        error.detail = fmt::format("{}: {}", file, error.detail);
        return error;
      }));
  json::array skipped;
  for (const std::string& each : done.skipped) skipped.push_back(json::string(each));
  terminal.document({{"changes", done.changes},
                     {"written", done.written},
                     {"there", done.there},
                     {"skipped", std::move(skipped)},
                     {"skipped_count", done.skipped_count}});
  terminal.line("{}: {} {}written again, {} there already, {} left out",
                counted(done.changes, "change"), done.written, dry_run ? "would be " : "",
                done.there, done.skipped_count);
  for (const std::string& each : done.skipped) terminal.line("    {}", each);
  if (!dry_run) terminal.next(after_reapply(config, machine->node(), done));
  return done.skipped_count > 0 ? Exit::partly : Exit::ok;
}

}  // namespace skerry::daemon

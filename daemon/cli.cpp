#include "daemon/cli.hpp"

#include <algorithm>

#include "daemon/app.hpp"
#include "daemon/cli/backup.hpp"
#include "daemon/cli/certificate.hpp"
#include "daemon/cli/conflicts.hpp"
#include "daemon/cli/manual.hpp"
#include "daemon/cli/offline.hpp"
#include "daemon/cli/operations.hpp"
#include "daemon/cli/relay.hpp"
#include "daemon/cli/sites.hpp"
#include "daemon/cli/trust.hpp"
#include "daemon/cli/usage.hpp"
#include "daemon/cli/users.hpp"
#include "daemon/run_command.hpp"

namespace skerry::daemon {
namespace {

// What a command is about has a name. An empty one, of a variable that is not set, would be a part
// of an address that is not there, or mean all that there are.
void refuse_empty_words(CLI::App& app) {
  for (CLI::Option* option :
       app.get_options([](CLI::Option* each) { return each->get_positional(); }))
    option->check(CommandTree::refuse_empty);
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; }))
    refuse_empty_words(*verb);
}

// Builds the tree of commands. What an option is read into lives as long as this.
class Parser : public CommandTree {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.option_defaults()->always_capture_default(false);
    app_.add_option("--data", common_.data, "data folder (or $SKERRY_DATA)")->check(refuse_empty);
    app_.add_option("--config", common_.config, "configuration file (or $SKERRY_CONFIG)")
        ->check(refuse_empty);
    app_.add_flag("--json", common_.json, "results as JSON on stdout, one object a line");
    app_.set_version_flag("--version", std::string("skerry ") + SKERRY_VERSION);
    add_machine();
    backups_.add_to(*this);
    trust_.add_to(*this);
    offline_.add_to(*this);
    operations_.add_to(*this);
    usage_.add_to(*this);
    relay_licences_.add_to(*this);
    users_.add_to(*this);
    certificates_.add_to(*this);
    add_tokens();
    add_import();
    add_export();
    sites_.add_to(*this);
    add_exchange();
    add_bundles();
    conflicts_.add_to(*this);
    add_audit();
    add_configuration();
    add_local();
    refuse_empty_words(app_);
  }

  const Common& common() const { return common_; }

 private:
  // A command about the one thing that its argument names.
  template <class Run>
  CLI::App* add_of(CLI::App* noun, const char* name, const char* doc, const char* what,
                   const char* hint, Run run) {
    CLI::App* verb = add(noun, name, doc, [this, run](Session& s) { return run(s, id_); });
    verb->add_option(what, id_, hint)->required();
    return verb;
  }
  void add_machine() {
    add_plain(&app_, "serve", "run the daemon until it is told to stop",
              [](const Config& config, Terminal&) { return serve(config); });
    add(&app_, "status", "the machine on one screen", run_status);
    add(&app_, "doctor", "what is wrong, and its remedy", run_doctor);
    CLI::App* digest =
        add(&app_, "digest", "a checksum of every record: equal on both sides when they agree",
            [this](Session& s) { return run_digest(s, site_); });
    digest->add_option("--site", site_, "at central: what this site sees");
  }

  void add_tokens() {
    CLI::App* token = add_noun("token", "access tokens for applications");
    CLI::App* create = add(token, "create", "make a token; it is shown once",
                           [this](Session& s) { return run_token_create(s, token_); });
    create->add_option("NAME", token_.name, "what for")->required();
    create->add_option("--access", token_.access, "read, write, seats, admin (with commas)")
        ->delimiter(',')
        ->check(CLI::IsMember({"read", "write", "seats", "admin"}));
    repeatable(create->add_option("--customer", token_.customers,
                                  "only this customer's records (id), repeatable"));
    create->add_option("--expires", token_.expires_at, "a time such as 2027-01-31T00:00:00Z");
    add_dry_run(create);
    example(create, "skerry token create crm --access read,write");
    add(token, "list", "every token, without its secret", run_token_list);
    add_dry_run(add_of(token, "revoke", "refuse a token from now on", "ID",
                       "as token list shows it", run_token_revoke));
  }

  void add_import() {
    CLI::App* import = add(&app_, "import", "records from a CSV file: all rows or none",
                           [this](Session& s) { return run_import(s, import_); });
    offer(import->add_option("KIND", import_.kind, "what the file holds, such as customers")
              ->required(),
          Words::plurals);
    import->add_option("FILE", import_.file, "CSV with a header line")->required();
    repeatable(import->add_option("--map", import_.map, "field=Header, repeatable"));
    repeatable(import->add_option("--set", import_.set, "field=value for every row, repeatable"));
    repeatable(import->add_option("--ignore", import_.ignore, "set a column aside, repeatable"));
    import->add_flag("--ignore-unknown", import_.ignore_unknown, "set aside what is no field");
    import->add_option("--mapping", import_.mapping, "a saved mapping, as mapping list shows it");
    import->add_option("--save-mapping", import_.save_mapping, "save the mapping under this name");
    import->add_flag("--dry-run", import_.dry_run,
                     "check only: every error of every row, nothing is written");
    import->add_option("--mode", import_.mode, "all-or-nothing or good-rows-only")
        ->check(CLI::IsMember({"all-or-nothing", "good-rows-only"}));
    import->add_option("--rejects", import_.rejects, "a new file for the rejected rows");
    import->add_flag("--create-parents", import_.create_parents,
                     "make customers, products and locations that are referred to and missing");
    add_reason(import);
    example(import, "skerry import customers crm.csv --map name=Company --dry-run");
    CLI::App* mapping = add_noun("mapping", "saved mappings of columns");
    add(mapping, "list", "every mapping", run_mapping_list);
    add_of(mapping, "show", "one mapping", "NAME", "as mapping list shows it", run_mapping_show);
    add_dry_run(add_of(mapping, "delete", "forget a mapping", "NAME", "as mapping list shows it",
                       run_mapping_delete));
  }

  void add_export() {
    CLI::App* out = add(&app_, "export", "records as a file that an import takes back",
                        [this](Session& s) { return run_export(s, record_export_); });
    offer(out->add_option("KIND", record_export_.kind, "such as customers")->required(),
          Words::plurals);
    out->add_option("FILTER", record_export_.filters, "field=value, as in lists");
    out->add_option("--format", record_export_.format, "csv or ndjson")
        ->check(CLI::IsMember({"csv", "ndjson"}));
    out->add_option("--out", record_export_.out, "a new file; without it stdout");
    CLI::Option* archived =
        out->add_option("--archived", record_export_.archived, "exclude, include or only")
            ->check(CLI::IsMember({"exclude", "include", "only"}));
    out->add_flag("--all", record_export_.all, "archived and scrapped ones, too")
        ->excludes(archived);
    out->add_option("--search", record_export_.words, "only what these words find");
    out->add_option("--sort", record_export_.sort, "by this field, -field for the other way");
    example(out, "skerry export contacts status=active --out contacts.csv");
  }

  void add_exchange() {
    CLI::App* exchange =
        add(&app_, "exchange", "take in what is for this machine, write what is due",
            [this](Session& s) { return run_any_exchange(s); });
    CLI::Option* folder = exchange->add_option("DIR", exchange_.folder, "the medium's folder");
    CLI::Option* online = exchange->add_flag("--online", online_, "with central over the network");
    online->excludes(folder);
    exchange->add_flag("--relay", relay_, "by this process, for a daemon without a network")
        ->needs(online);
    exchange
        ->add_flag("--remove", exchange_.remove,
                   "take files off that were taken in, or are kept as refused")
        ->excludes(online);
    add_dry_run(exchange);
    example(exchange, "skerry exchange /media/stick");
  }
  Result<Exit> run_any_exchange(Session& session) {
    if (online_) return run_exchange_online(session, relay_);
    exchange_.dry_run = is_dry_run();
    if (!exchange_.folder.empty()) return run_exchange(session, exchange_);
    return fail(Errc::usage, "exchange needs a folder or --online", "skerry exchange DIR");
  }

  void add_bundles() {
    CLI::App* bundle =
        add_noun("bundle", "single bundles: the files that go between a site and central");
    CLI::App* out = add(bundle, "export", "write what is due, and a sign of life when nothing is",
                        [this](Session& s) { return run_bundle_export(s, export_); });
    out->add_option("SITE", export_.site, "at central: for this site only");
    out->add_option("--from", export_.from, "from this row of this machine's log on");
    out->add_option("--out", export_.out, "a medium's folder, or a file; without it this folder");
    add_dry_run(out);
    example(out, "skerry bundle export 'Plant 7' --out /media/stick");
    CLI::App* in = add(bundle, "import", "take one bundle in",
                       [this](Session& s) { return run_bundle_import(s, file_); });
    in->add_option("FILE", file_, "a bundle, NAME.skb")->required();
    add_dry_run(in);
    example(in, "skerry bundle import NAME.skb");
    CLI::App* inspect = add_plain(
        bundle, "inspect", "what a bundle says about itself, unverified",
        [this](const Config&, Terminal& terminal) { return run_bundle_inspect(terminal, file_); });
    inspect->add_option("FILE", file_, "a bundle, NAME.skb")->required();
    example(inspect, "skerry bundle inspect NAME.skb");
    CLI::App* verify =
        add_plain(bundle, "verify", "check signatures and payload without opening it",
                  [this](const Config& config, Terminal& terminal) {
                    return run_bundle_verify(config, terminal, file_, keys_);
                  });
    verify->add_option("FILE", file_, "a bundle, NAME.skb")->required();
    example(verify, "skerry bundle verify NAME.skb --key central.pem");
    repeatable(verify->add_option(
        "--key", keys_,
        "public key of a signer: its text (sign_key of status or site list) or a PEM file, "
        "repeatable; without it this machine's and, at a site, its central's"));
  }

  void add_audit() {
    CLI::App* audit = add_noun("audit", "who changed what");
    CLI::App* list = add(audit, "list", "changes, the newest first",
                         [this](Session& s) { return run_audit_list(s, audit_); });
    add_audit_filter(list);
    list->add_option("--limit", audit_.limit, "how many")->check(CLI::Range(1, 1'000'000));
    example(list, "skerry audit list --kind customer --since 2027-01-31T00:00:00Z");
    CLI::App* out = add(audit, "export", "changes as a file, the oldest first",
                        [this](Session& s) { return run_audit_export(s, audit_, output_); });
    add_audit_filter(out);
    out->add_option("--format", output_.format, "ndjson, which proves itself, or csv")
        ->check(CLI::IsMember({"ndjson", "csv"}));
    out->add_option("--out", output_.file, "a new file; without it stdout");
    example(out, "skerry audit export --out log.ndjson");
    CLI::App* verify =
        add_plain(audit, "verify", "prove the log: of the daemon, or an export alone",
                  [this](const Config& config, Terminal& terminal) {
                    return run_audit_verify(config, terminal, file_, keys_);
                  });
    verify->add_option("FILE", file_, "an export in NDJSON; needs no daemon");
    repeatable(verify->add_option("--key", keys_,
                                  "public key of the machine that exported: its text (sign_key of "
                                  "status) or a PEM file, repeatable; without it the key of this "
                                  "machine"));
    example(verify, "skerry audit verify log.ndjson --key central.pem");
    CLI::App* changes = add(&app_, "changes", "the change feed",
                            [this](Session& s) { return run_changes(s, feed_); });
    changes->add_option("--after", feed_.after, "number of the last change known");
    changes->add_option("--limit", feed_.limit, "how many at once")->check(CLI::Range(1, 500));
    changes->add_flag("--follow", feed_.follow, "go on with what happens");
    offer(repeatable(changes->add_option("--kind", feed_.kinds, "only this kind, repeatable")),
          Words::kinds);
    changes->add_option("--customer", feed_.customer, "only records of this customer (id)");
    example(changes, "skerry changes --after 120 --kind asset --follow");
  }
  void add_audit_filter(CLI::App* verb) {
    offer(verb->add_option("--kind", audit_.kind, "of records, such as customer"), Words::kinds);
    verb->add_option("--record", audit_.record, "its id");
    verb->add_option("--actor", audit_.actor, "such as token:crm, uid:0, or the name alone");
    verb->add_option("--source", audit_.source, "by which way it came")
        ->check(CLI::IsMember({"api", "console", "cli", "import", "sync"}));
    verb->add_option("--op", audit_.op, "what was done")
        ->check(CLI::IsMember({"new", "set", "del", "undel", "release", "decide", "event"}));
    verb->add_option("--site", audit_.site, "at central: the name of a site, or central");
    verb->add_option("--since", audit_.since, "a time such as 2027-01-31T00:00:00Z");
    verb->add_option("--until", audit_.until, "the first moment behind the period");
    verb->add_option("--search,-q", audit_.text, "words in labels, values, names, reasons");
  }

  static Exit print(Terminal& terminal, std::string text) {
    terminal.document({{"text", text}});
    text.pop_back();  // the newline that ends the line
    terminal.line("{}", text);
    return Exit::ok;
  }
  void add_configuration() {
    CLI::App* config = add_noun("config", "the configuration");
    add_plain(config, "show", "every key, what it is set to, and where", run_config_show);
    add_plain(config, "check", "whether the file is acceptable", run_config_check);
  }
  void add_local() {
    CLI::App* init = add_plain(&app_, "init", "make a site or a central in the data folder",
                               [this](const Config& config, Terminal& terminal) {
                                 return run_init(config, terminal, role_, name_, is_dry_run());
                               });
    init->add_option("--role", role_, "site or central")
        ->required()
        ->check(CLI::IsMember({"site", "central"}));
    init->add_option("--name", name_, "for people")->required();
    add_dry_run(init);
    example(init, "skerry init --role central --name 'Head office'");
    CLI::App* explain =
        add_unconfigured(&app_, "explain", "what an error code means",
                         [this](Terminal& terminal) { return run_explain(terminal, id_); });
    offer(explain->add_option("CODE", id_, "of a refusal, such as bundle_gap, or an exit code")
              ->required(),
          Words::codes);
    add_unconfigured(&app_, "version", "the version of this program",
                     [](Terminal& terminal) { return run_version(terminal); });
    add_unconfigured(
        &app_, "man", "the manual page of these commands, for man(1)",
        [this](Terminal& terminal) { return print(terminal, manual_page(app_, SKERRY_VERSION)); });
    CLI::App* complete = add_unconfigured(
        &app_, "completion", "completion of commands, for a shell", [this](Terminal& terminal) {
          return print(terminal, *completion(app_, offers(), shell_));
        });
    complete->add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  Common common_;
  BackupCommands backups_;
  TrustCommands trust_;
  OfflineCommands offline_;
  OperationsCommands operations_;
  UsageCommands usage_;
  RelayCommands relay_licences_;
  UserCommands users_;
  ConflictCommands conflicts_;
  CertificateCommands certificates_;
  SiteCommands sites_;

  std::string site_, file_, id_, role_, name_, shell_;
  std::vector<std::string> keys_;
  bool online_ = false, relay_ = false;
  NewToken token_;
  ImportOptions import_;
  RecordExportOptions record_export_;
  ExchangeOptions exchange_;
  ExportOptions export_;
  AuditFilter audit_;
  AuditOutput output_;
  FeedOptions feed_;
};

bool asks_for_json(int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [](std::string_view word) { return word == "--json"; });
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  Parser parser;
  try {
    parser.app().parse(argc, argv);
  } catch (const CLI::Success& help) {
    return parser.app().exit(help);
  } catch (const CLI::ParseError& error) {
    Terminal terminal(asks_for_json(argc, argv));
    const auto unknown = parser.app().remaining();
    const bool wants_command =
        std::string_view(error.what()).find("ubcommand") != std::string::npos;
    const bool no_command = wants_command && !unknown.empty();
    terminal.error(
        Error(Errc::usage,
              no_command ? fmt::format("there is no command '{}'", unknown.front()) : error.what(),
              "skerry --help, or --help after the command"));
    return static_cast<int>(Exit::usage);
  }
  return run_command(parser.common(), parser.command());
}

}  // namespace skerry::daemon

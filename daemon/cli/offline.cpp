#include "daemon/cli/offline.hpp"

namespace skerry::daemon {

void OfflineCommands::add_to(CommandTree& tree) {
  CLI::App* offline = tree.add_noun(
      "offline", "a seat for a machine that never sees a daemon: the application's side");
  const auto verb = [&](const char* name, const char* doc,
                        Result<Exit> (*run)(Terminal&, const OfflineWish&)) {
    CLI::App* made =
        tree.add_unconfigured(offline, name, doc, [this, &tree, run](Terminal& terminal) {
          wish_.dry_run = tree.is_dry_run();
          return run(terminal, wish_);
        });
    tree.add_dry_run(made);
    made->add_option("SEAT", wish_.seat, "the file that keeps the seat: private")->required();
    made->add_option("FILE", wish_.file, "the request, or the answer")->required();
    return made;
  };
  CLI::App* request = verb("request", "ask for a seat", run_offline_request);
  request->add_option("--code", wish_.code, "a file with the activation code")->required();
  request->add_option("--product", wish_.product, "its SKU")->required();
  request->add_option("--seat-id", wish_.seat_id, "what tells this machine from others")
      ->required();
  CommandTree::repeatable(request->add_option(
      "--amount", wish_.amounts, "feature=number to use while it is away, repeatable"));
  CLI::App* answer = verb("answer", "take the answer to a request in", run_offline_answer);
  answer->add_option("--key", wish_.key,
                     "the public key of the machine that gives seats, or of central, as PEM: what "
                     "it does not vouch for is refused, now and later");
  answer->add_option("PART", wish_.parts, "further files, when each QR code was read into its own");
  verb("refresh", "ask for a longer lease", run_offline_refresh);
  CLI::App* back = verb("return", "give the seat back", run_offline_return);
  CommandTree::repeatable(
      back->add_option("--used", wish_.amounts, "feature=number that was used, repeatable"));
  CLI::App* qr =
      tree.add_unconfigured(offline, "qr", "show a request or an answer as a QR code",
                            [this](Terminal& terminal) { return run_offline_qr(terminal, qr_); });
  qr->add_option("FILE", qr_.file, "the request, or the answer")->required();
  qr->add_option("--as", qr_.form, "text, svg or png")
      ->check(CLI::IsMember({"text", "svg", "png"}));
  qr->add_option("--out", qr_.out, "a new file; without it stdout");
  CLI::App* join = tree.add_unconfigured(
      offline, "join", "make a request or an answer of what was read of its QR codes",
      [this, &tree](Terminal& terminal) {
        join_.dry_run = tree.is_dry_run();
        return run_offline_join(terminal, join_);
      });
  tree.add_dry_run(join);
  join->add_option("FILE", join_.files, "a line for each code, in any order, in any of the files")
      ->required();
  join->add_option("--out", join_.out, "a new file")->required();
  CommandTree::example(join, "skerry offline join scanned.txt --out request.json");
}

}  // namespace skerry::daemon

// offline request, answer, refresh, return: what an application does that never sees a daemon
// (docs/formats/offline.md). SEAT is a private file: the key that opens answers, the request that
// is under way and, once it is answered, the seat with its secret and token.
#include <charconv>

#include "core/json_text.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/file.hpp"
#include "crypto/sha256.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr unsigned private_mode = 0600;

class TextCollector final : public ByteSink {
 public:
  Result<void> write(ByteView more) override {
    text.append(as_text(more));
    return {};
  }
  Result<void> finish() override { return {}; }
  std::string text;
};

Result<json::object> read_object(const std::string& file) {
  SKERRY_TRY(const Bytes bytes, crypto::read_small_file(file, file_bytes_max));
  return parse_json_object(as_text(bytes), {32, true});
}

Result<json::object> read_seat(const std::string& file) {
  SKERRY_TRY(const auto bytes, crypto::read_secret_file(file, file_bytes_max));
  return parse_json_object(bytes.text(), {32, true});
}

Result<json::object> read_amounts(const std::vector<std::string>& texts, std::string_view option) {
  json::object amounts;
  for (const std::string& text : texts) {
    const std::size_t sign = text.find('=');
    std::int64_t amount = 0;
    const char* const end = text.data() + text.size();
    const bool read = sign != std::string::npos && sign > 0 &&
                      std::from_chars(text.data() + sign + 1, end, amount).ptr == end && amount > 0;
    if (!read)
      return fail(Errc::usage, fmt::format("{}: '{}' is not feature=number", option, text),
                  fmt::format("{} cores=4", option));
    amounts[text.substr(0, sign)] = amount;
  }
  return amounts;
}

// Writes the request, and into the seat's file what its answer will be held against.
Result<void> write_request(const OfflineWish& wish, json::object seat, json::object request) {
  crypto::SystemRandom random;
  const std::string id = to_string(new_id<RecordId>(random));
  json::object whole{
      {"format", "skerry-offline-request"}, {"version", 1}, {"id", id}, {"kind", request["kind"]}};
  for (const auto& [member, value] : request) whole[member] = value;
  const std::string text = to_json_text(whole);
  SKERRY_TRY_VOID(crypto::create_file_atomically(wish.file, as_bytes(text), private_mode));
  seat["request"] = id;
  seat["request_sha256"] = to_hex(crypto::sha256(as_bytes(text)));
  return crypto::write_file_atomically(wish.seat, as_bytes(to_json_text(seat)), private_mode);
}

Result<Exit> say_written(Terminal& terminal, const OfflineWish& wish, std::string_view next) {
  terminal.document({{"file", wish.file}, {"seat", wish.seat}});
  terminal.line("{} is to be carried to the machine that gives seats", wish.file);
  terminal.next(next);
  return Exit::ok;
}

Result<std::string> recipient_of(const json::object& seat) {
  SKERRY_TRY(const auto identity, crypto::AgeIdentity::parse(text_of(seat, "identity")));
  return identity.recipient().to_text();
}

// What only the maker of the request reads, when it is the answer to that very request.
Result<json::object> open_answer(const json::object& seat, const std::string& file) {
  SKERRY_TRY(const json::object outer, read_object(file));
  SKERRY_TRY(const Bytes armored, crypto::age_dearmor(text_of(outer, "answer")));
  std::vector<crypto::AgeIdentity> identities;
  SKERRY_TRY(auto identity, crypto::AgeIdentity::parse(text_of(seat, "identity")));
  identities.push_back(std::move(identity));
  TextCollector plain;
  crypto::AgeDecryptor decryptor(plain, identities);
  SKERRY_TRY_VOID(decryptor.write(armored));
  SKERRY_TRY_VOID(decryptor.finish());
  SKERRY_TRY(json::object answer, parse_json_object(plain.text, {32, true}));
  if (text_of(answer, "format") == "skerry-offline-answer" &&
      text_of(answer, "request") == text_of(seat, "request") &&
      text_of(answer, "request_sha256") == text_of(seat, "request_sha256"))
    return answer;
  return fail(Errc::bad_input, fmt::format("{} is the answer to another request", file),
              "bring the answer to the last request of this seat");
}

}  // namespace

Result<Exit> run_offline_request(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(const auto code, crypto::read_small_file(wish.code, 1024));
  SKERRY_TRY(const json::object amounts, read_amounts(wish.amounts, "--amount"));
  std::string text(as_text(code));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  crypto::SystemRandom random;
  const auto identity = crypto::AgeIdentity::generate(random);
  SKERRY_TRY_VOID(crypto::create_file_atomically(wish.seat, as_bytes("{}"), private_mode));
  const json::object seat{{"identity", identity.to_text().text()}};
  json::object request{{"kind", "activate"},
                       {"activation_code", text},
                       {"product", wish.product},
                       {"seat_id", wish.seat_id},
                       {"recipient", identity.recipient().to_text()}};
  if (!amounts.empty()) request["amounts"] = amounts;
  SKERRY_TRY_VOID(write_request(wish, seat, std::move(request)));
  return say_written(terminal, wish,
                     "POST /v1/offline-activations there, and skerry offline answer here");
}

Result<Exit> run_offline_answer(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(json::object seat, read_seat(wish.seat));
  SKERRY_TRY(const json::object answer, open_answer(seat, wish.file));
  for (const std::string_view member : {"id", "secret", "token", "lease_expires_at"})
    seat[member] = std::string_view(text_of(answer, member));
  SKERRY_TRY_VOID(
      crypto::write_file_atomically(wish.seat, as_bytes(to_json_text(seat)), private_mode));
  terminal.document({{"id", text_of(answer, "id")},
                     {"lease_expires_at", text_of(answer, "lease_expires_at")},
                     {"held", object_of(answer, "held")},
                     {"token", text_of(answer, "token")}});
  terminal.line("seat {} until {}", text_of(answer, "id"), text_of(answer, "lease_expires_at"));
  return Exit::ok;
}

Result<Exit> run_offline_refresh(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(const json::object seat, read_seat(wish.seat));
  SKERRY_TRY(const std::string recipient, recipient_of(seat));
  const std::string id = text_of(seat, "id");
  SKERRY_TRY_VOID(write_request(wish, seat,
                                {{"kind", "refresh"},
                                 {"activation", id},
                                 {"secret", text_of(seat, "secret")},
                                 {"recipient", recipient}}));
  return say_written(terminal, wish,
                     fmt::format("POST /v1/activations/{}/offline-refresh there", id));
}

Result<Exit> run_offline_return(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(const json::object used, read_amounts(wish.amounts, "--used"));
  SKERRY_TRY(const json::object seat, read_seat(wish.seat));
  const std::string id = text_of(seat, "id");
  json::object request{{"kind", "return"}, {"activation", id}, {"secret", text_of(seat, "secret")}};
  if (!used.empty()) request["used"] = used;
  SKERRY_TRY_VOID(write_request(wish, seat, std::move(request)));
  return say_written(terminal, wish,
                     fmt::format("POST /v1/activations/{}/offline-return there", id));
}

}  // namespace skerry::daemon

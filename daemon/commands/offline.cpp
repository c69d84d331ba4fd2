// offline request, answer, refresh, return: what an application does that never sees a daemon
// (docs/formats/offline.md). SEAT is a private file: the key that opens answers, the request that
// is under way and, once it is answered, the seat with its secret and token.
#include <charconv>
#include <filesystem>
#include <system_error>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/file.hpp"
#include "crypto/sha256.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/qr.hpp"
#include "licensing/jws.hpp"
#include "licensing/site_certificate.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::size_t public_key_bytes_max = 4096;
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

Result<json::object> read_seat(const std::string& file) {
  SKERRY_TRY(const auto bytes, crypto::read_secret_file(file, file_bytes_max).map_error(as_input));
  return parse_json_object(bytes.text(), {32, true});
}

// A seat that was given; one whose answer did not come yet is only asked for.
Result<json::object> read_given_seat(const std::string& file) {
  SKERRY_TRY(json::object seat, read_seat(file));
  if (!string_of(seat, "id").empty()) return seat;
  return fail(Errc::bad_input,
              fmt::format("{} has no seat yet: the answer to its request was not taken in", file),
              fmt::format("skerry offline answer {} ANSWER", shell_word(file)));
}

Result<json::object> read_amounts(const std::vector<std::string>& texts, std::string_view option,
                                  std::int64_t least) {
  json::object amounts;
  for (const std::string& text : texts) {
    const std::size_t sign = text.find('=');
    std::int64_t amount = 0;
    const char* const end = text.data() + text.size();
    bool read = sign != std::string::npos && sign > 0;
    if (read) {
      const auto [stop, error] = std::from_chars(text.data() + sign + 1, end, amount);
      read = stop == end && error == std::errc() && amount >= least;
    }
    if (!read)
      return fail(Errc::usage, fmt::format("{}: '{}' is not feature=number", option, text),
                  fmt::format("{} cores=4", option));
    const std::string feature = text.substr(0, sign);
    if (amounts.contains(feature))
      return fail(Errc::usage, fmt::format("{}: {} stands twice", option, feature),
                  "name each feature once, with all of its amount");
    amounts[feature] = amount;
  }
  return amounts;
}

// The file of a new request; `seat` remembers what its answer will be held against.
std::string new_request(json::object& seat, const json::object& request) {
  crypto::SystemRandom random;
  const std::string id = to_string(new_id<RecordId>(random));
  json::object whole{{"format", "skerry-offline-request"}, {"version", 1}, {"id", id}};
  for (const auto& [member, value] : request) whole[member] = value;
  std::string text = to_json_text(whole);
  seat["request"] = id;
  seat["request_sha256"] = to_hex(crypto::sha256(as_bytes(text)));
  return text;
}

Result<void> write_seat(const OfflineWish& wish, const json::object& seat) {
  if (wish.dry_run) return crypto::check_file_place(wish.seat);
  return crypto::write_file_atomically(wish.seat, as_bytes(to_json_text(seat)), private_mode);
}

Result<void> make_file(const OfflineWish& wish, const std::string& file, std::string_view text) {
  if (wish.dry_run) return crypto::check_new_file(file);
  return crypto::create_file_atomically(file, as_bytes(text), private_mode);
}

// Of a seat that is there.
Result<void> write_request(const OfflineWish& wish, json::object seat,
                           const json::object& request) {
  const std::string text = new_request(seat, request);
  SKERRY_TRY_VOID(make_file(wish, wish.file, text));
  return write_seat(wish, seat);
}

Result<Exit> say_written(Terminal& terminal, const OfflineWish& wish, std::string_view next) {
  terminal.document({{"file", wish.file}, {"seat", wish.seat}});
  if (wish.dry_run) {
    terminal.line("{} would be written", wish.file);
    return Exit::ok;
  }
  terminal.line("{} is to be carried to the machine that gives seats", wish.file);
  terminal.next(next);
  return Exit::ok;
}

Result<std::string> recipient_of(const json::object& seat) {
  SKERRY_TRY(const auto identity, crypto::AgeIdentity::parse(string_of(seat, "identity")));
  return identity.recipient().to_text();
}

// What only the maker of the request reads, when it is the answer to that very request.
Result<json::object> open_answer(const json::object& seat, const OfflineWish& wish) {
  std::vector<std::string> files{wish.file};
  files.insert(files.end(), wish.parts.begin(), wish.parts.end());
  SKERRY_TRY(const std::string text, read_scanned(files));
  SKERRY_TRY(const json::object outer, parse_json_object(text, {32, true}));
  const std::string sealed = string_of(outer, "answer");
  if (sealed.empty() && !string_of(outer, "detail").empty())
    return fail(Errc::bad_input, "the request was refused: " + string_of(outer, "detail"),
                string_of(outer, "next"));
  SKERRY_TRY(const Bytes armored, crypto::age_dearmor(sealed));
  std::vector<crypto::AgeIdentity> identities;
  SKERRY_TRY(auto identity, crypto::AgeIdentity::parse(string_of(seat, "identity")));
  identities.push_back(std::move(identity));
  TextCollector plain;
  crypto::AgeDecryptor decryptor(plain, identities);
  SKERRY_TRY_VOID(decryptor.write(armored));
  SKERRY_TRY_VOID(decryptor.finish());
  SKERRY_TRY(json::object answer, parse_json_object(plain.text, {32, true}));
  if (string_of(answer, "format") == "skerry-offline-answer" &&
      string_of(answer, "request") == string_of(seat, "request") &&
      string_of(answer, "request_sha256") == string_of(seat, "request_sha256"))
    return answer;
  return fail(Errc::bad_input, fmt::format("{} is the answer to another request", wish.file),
              "bring the answer to the last request of this seat");
}

// The key that tokens are held to: the one that is named now, else the one that was named before.
Result<std::optional<crypto::VerifyKey>> trusted_key(const OfflineWish& wish, json::object& seat) {
  if (!wish.key.empty()) {
    SKERRY_TRY(const Bytes pem,
               crypto::read_small_file(wish.key, public_key_bytes_max).map_error(as_input));
    auto key = crypto::VerifyKey::from_pem(as_text(pem));
    if (!key)
      return fail(Errc::bad_input, fmt::format("{}: {}", wish.key, key.error().detail),
                  "name keys/sign.pub.pem of the machine that gives seats, or central's");
    seat["trusted_key"] = key->to_text();
  }
  const std::string pinned = string_of(seat, "trusted_key");
  if (pinned.empty()) return std::optional<crypto::VerifyKey>();
  SKERRY_TRY(auto key, crypto::VerifyKey::from_text(pinned));
  return std::optional(std::move(key));
}

// Of a lease of this very seat. Without a key that is trusted, by the one that the token itself
// names: that shows damage, and no forger.
Result<json::object> read_token(const std::optional<crypto::VerifyKey>& trusted,
                                const json::object& seat, const std::string& token) {
  auto key = trusted ? Result<crypto::VerifyKey>(*trusted) : licensing::signer_of(token);
  auto claims = key ? licensing::verify_lease_token_of(*key, token)
                    : Result<json::object>(tl::unexpected(key.error()));
  if (!claims)
    return fail(Errc::bad_signature,
                trusted ? "the token of the answer is not signed by the trusted key"
                        : "the token of the answer is no signed lease",
                "have the request answered by the machine that gives seats");
  const std::string id = string_of(seat, "id");
  const std::string product = string_of(seat, "product");  // its SKU, or its id
  if (string_of(*claims, "seat_id") == string_of(seat, "seat_id") &&
      (id.empty() || string_of(*claims, "sub") == id) &&
      (string_of(*claims, "aud") == product || parse_id<RecordId>(product)))
    return claims;
  return fail(Errc::bad_input, "the token of the answer is a lease of another seat",
              "bring the answer to the last request of this seat");
}

}  // namespace

Result<Exit> run_offline_request(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(const auto code, crypto::read_small_file(wish.code, 1024).map_error(as_input));
  SKERRY_TRY(const json::object amounts, read_amounts(wish.amounts, "--amount", 1));
  std::string text(as_text(code));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty())
    return fail(Errc::bad_input, wish.code + " holds no activation code",
                "write into it the code that came with the order");
  crypto::SystemRandom random;
  const auto identity = crypto::AgeIdentity::generate(random);
  json::object request{{"kind", "activate"},
                       {"activation_code", text},
                       {"product", wish.product},
                       {"seat_id", wish.seat_id},
                       {"recipient", identity.recipient().to_text()}};
  if (!amounts.empty()) request["amounts"] = amounts;
  json::object seat{{"identity", identity.to_text().text()},
                    {"product", wish.product},
                    {"seat_id", wish.seat_id}};
  const std::string file = new_request(seat, request);
  SKERRY_TRY_VOID(make_file(wish, wish.seat, to_json_text(seat)));
  auto made = make_file(wish, wish.file, file);
  if (!made) {
    std::error_code ignored;  // or the next attempt would find it taken
    if (!wish.dry_run) std::filesystem::remove(wish.seat, ignored);
    return tl::unexpected(std::move(made).error());
  }
  return say_written(terminal, wish,
                     "POST /v1/offline-activations there, and skerry offline answer here");
}

Result<Exit> run_offline_answer(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(json::object seat, read_seat(wish.seat));
  SKERRY_TRY(const auto trusted, trusted_key(wish, seat));
  SKERRY_TRY(const json::object answer, open_answer(seat, wish));
  const std::string token = string_of(answer, "token");
  SKERRY_TRY(const json::object claims, read_token(trusted, seat, token));
  const std::string id = string_of(claims, "sub");
  const std::string until = format_timestamp(integer_of(claims, "exp") * 1000);
  seat["id"] = id;
  seat["secret"] = string_of(answer, "secret");
  seat["token"] = token;
  seat["lease_expires_at"] = until;
  SKERRY_TRY_VOID(write_seat(wish, seat));
  terminal.document({{"id", id},
                     {"lease_expires_at", until},
                     {"amounts", object_of(claims, "amounts")},
                     {"token", token},
                     {"verified", trusted.has_value()}});
  // A refresh that found fewer seats than were in use ended this one: its lease is over as it is
  // made.
  const bool ended = integer_of(claims, "exp") <= integer_of(claims, "iat");
  terminal.line("{}seat {} {} {}", wish.dry_run ? "would be kept: " : "", Terminal::name(id),
                ended ? "has ended at" : "until", until);
  if (!trusted) {
    terminal.line("not verified: whoever saw the request can have made this answer");
    terminal.next(fmt::format("skerry offline answer {} {} --key sign.pub.pem",
                              shell_word(wish.seat), shell_word(wish.file)));
  }
  if (ended) terminal.next("stop using it; skerry offline request asks for another one");
  return ended ? Exit::attention : Exit::ok;
}

Result<Exit> run_offline_refresh(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(const json::object seat, read_given_seat(wish.seat));
  SKERRY_TRY(const std::string recipient, recipient_of(seat));
  const std::string id = string_of(seat, "id");
  SKERRY_TRY_VOID(write_request(wish, seat,
                                {{"kind", "refresh"},
                                 {"activation", id},
                                 {"secret", string_of(seat, "secret")},
                                 {"recipient", recipient}}));
  return say_written(terminal, wish,
                     fmt::format("POST /v1/activations/{}/offline-refresh there", id));
}

Result<Exit> run_offline_return(Terminal& terminal, const OfflineWish& wish) {
  SKERRY_TRY(const json::object used, read_amounts(wish.amounts, "--used", 0));
  SKERRY_TRY(const json::object seat, read_given_seat(wish.seat));
  const std::string id = string_of(seat, "id");
  json::object request{
      {"kind", "return"}, {"activation", id}, {"secret", string_of(seat, "secret")}};
  if (!used.empty()) request["used"] = used;
  SKERRY_TRY_VOID(write_request(wish, seat, request));
  return say_written(terminal, wish,
                     fmt::format("POST /v1/activations/{}/offline-return there", id));
}

}  // namespace skerry::daemon

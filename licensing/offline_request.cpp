#include "licensing/offline_request.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/sha256.hpp"
#include "licensing/activation_codes.hpp"

namespace skerry::licensing {
namespace {

constexpr std::size_t name_characters_max = 255;
constexpr std::size_t amounts_max = 1000;
constexpr std::int64_t amount_max = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t format_version = 1;

class ByteCollector final : public ByteSink {
 public:
  Result<void> write(ByteView more) override {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return {};
  }
  Result<void> finish() override { return {}; }
  Bytes bytes;
};

class RequestReader {
 public:
  explicit RequestReader(const json::object& body) : body_(body) {}

  Result<OfflineRequest> read() {
    if (text_of(body_, "format") != "skerry-offline-request")
      refuse("format", "bad_choice", "must be skerry-offline-request");
    const json::value& version = member_of(body_, "version");
    if (!version.is_int64() || version.get_int64() != format_version)
      refuse("version", "unknown_version", fmt::format("must be {}", format_version));
    request_.id = id<decltype(request_.id)>("id");
    const std::string_view kind = text_of(body_, "kind");
    if (kind == "activate")
      read_activate();
    else if (kind == "refresh")
      read_seat(OfflineRequest::Kind::refresh, "recipient");
    else if (kind == "return")
      read_seat(OfflineRequest::Kind::give_back, "used");
    else
      refuse("kind", "bad_choice", "must be activate, refresh or return");
    if (errors_.empty()) return std::move(request_);
    return fail(Error(Errc::validation_failed, "the request file is not acceptable", {},
                      std::move(errors_)));
  }

 private:
  void refuse(std::string_view member, std::string code, std::string detail) {
    errors_.push_back({"/" + escape_pointer(member), std::move(code), std::move(detail)});
  }

  void only(std::initializer_list<std::string_view> more) {
    for (const auto& [member, ignored] : body_) {
      const std::string_view name = member;
      const bool common = name == "format" || name == "version" || name == "id" || name == "kind";
      if (!common && std::find(more.begin(), more.end(), name) == more.end())
        refuse(name, "unknown_field", "a request of this kind has no such member");
    }
  }

  std::string text(std::string_view member, bool required = true) {
    const json::value* const value = body_.if_contains(member);
    if (!value && !required) return {};
    const json::string* const read = value ? value->if_string() : nullptr;
    if (read && !is_blank(*read) && !has_control_characters(*read) &&
        count_characters(*read) <= name_characters_max)
      return std::string(*read);
    refuse(member, value ? "bad_name" : "required",
           fmt::format("must be 1 to {} characters", name_characters_max));
    return {};
  }

  template <class IdType>
  IdType id(std::string_view member) {
    if (const auto read = parse_id<IdType>(text_of(body_, member))) return *read;
    refuse(member, body_.contains(member) ? "bad_id" : "required", "must be an id (a UUID)");
    return {};
  }

  void read_amounts(std::string_view member, std::int64_t least) {
    const json::value* const value = body_.if_contains(member);
    if (!value) return;
    const json::object* const amounts = value->if_object();
    if (!amounts || amounts->size() > amounts_max)
      return refuse(member, "wrong_type", "must be an object of amounts by feature");
    for (const auto& [feature, amount] : *amounts) {
      if (amount.is_int64() && amount.get_int64() >= least && amount.get_int64() <= amount_max)
        request_.amounts.emplace(feature, amount.get_int64());
      else
        errors_.push_back({fmt::format("/{}/{}", member, escape_pointer(feature)), "out_of_range",
                           fmt::format("must be a whole number from {} to {}", least, amount_max)});
    }
  }

  void read_recipient() {
    auto read = crypto::AgeRecipient::parse(text_of(body_, "recipient"));
    if (!read)
      return refuse("recipient", body_.contains("recipient") ? "bad_key" : "required",
                    "must be the public key of an age identity: age1…");
    request_.recipient = *read;
  }

  void read_activate() {
    only({"activation_code", "product", "seat_id", "seat_name", "user", "edition", "amounts",
          "recipient"});
    const std::string code = text("activation_code");
    request_.opening = {digest_of(canonical_code(code).value_or(std::string())), text("product"),
                        text("edition", false)};
    request_.claim.machine = text("seat_id");
    request_.claim.name = text("seat_name", false);
    request_.claim.user = text("user", false);
    read_amounts("amounts", 1);
    read_recipient();
  }

  void read_seat(OfflineRequest::Kind kind, std::string_view more) {
    only({"activation", "secret", more});
    request_.kind = kind;
    request_.activation = id<RecordId>("activation");
    request_.secret = text("secret");
    if (kind == OfflineRequest::Kind::refresh)
      read_recipient();
    else
      read_amounts("used", 0);  // who used nothing may say so
  }

  const json::object& body_;
  OfflineRequest request_;
  std::vector<FieldError> errors_;
};

}  // namespace

Result<OfflineRequest> read_offline_request(std::string_view text) {
  // A fraction is refused by the member that holds it, as in other bodies.
  SKERRY_TRY(const json::object body, parse_json_object(text, {.fractions = true}));
  SKERRY_TRY(OfflineRequest request, RequestReader(body).read());
  request.sha256 = crypto::sha256(as_bytes(text));
  request.claim.request = request.sha256;
  return request;
}

Result<std::string> seal_offline_answer(const OfflineRequest& request, json::object answer,
                                        Random& random) {
  answer["format"] = "skerry-offline-answer";
  answer["version"] = format_version;
  answer["request"] = to_string(request.id);
  answer["request_sha256"] = to_hex(request.sha256);
  ByteCollector file;
  crypto::AgeEncryptor encryptor(file, std::span(&*request.recipient, 1), random);
  const std::string plain = to_json_text(answer);
  SKERRY_TRY_VOID(encryptor.write(as_bytes(plain)));
  SKERRY_TRY_VOID(encryptor.finish());
  return crypto::age_armor(file.bytes);
}

std::optional<OfflineAnswer> find_offline_answer(store::Connection& connection,
                                                 const OfflineRequest& request) {
  auto row = connection.query("SELECT sha256,answer FROM offline_request WHERE id=?1", request.id);
  if (!row.next()) return std::nullopt;
  return OfflineAnswer{row.hash(0), std::string(row.text(1))};
}

void keep_offline_answer(store::Connection& connection, const OfflineRequest& request,
                         std::string_view answer, UnixMillis now) {
  connection.execute(
      "INSERT INTO offline_request(id,sha256,answer,answered_at) VALUES(?1,?2,?3,?4)", request.id,
      request.sha256, answer, now);
}

}  // namespace skerry::licensing

#include "daemon/support/redact.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <optional>

#include "core/text.hpp"

namespace skerry::daemon {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }
// What a word is made of; bytes of UTF-8 beyond ASCII belong to it.
bool is_word(char c) { return is_alnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

template <class Belongs>
std::size_t run(std::string_view text, Belongs belongs) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) -
                                  text.begin());
}

struct Match {
  std::size_t length;  // of what is replaced
  std::string_view by;
};
using Found = std::optional<Match>;

// Each looks at the beginning of `rest`; `before` is the character in front of it, or a blank.
Found token(std::string_view rest, char before) {
  if (is_word(before) || !rest.starts_with("skry_")) return std::nullopt;
  return Match{run(rest, is_word), "[token]"};
}

Found bearer(std::string_view rest, char before) {
  constexpr std::string_view scheme = "earer ";
  if (is_word(before) || rest.empty() || (rest[0] != 'B' && rest[0] != 'b')) return std::nullopt;
  if (!rest.substr(1).starts_with(scheme)) return std::nullopt;
  const std::size_t secret =
      run(rest.substr(1 + scheme.size()), [](char c) { return c > ' ' && c != '"'; });
  return Match{1 + scheme.size() + secret, "[token]"};
}

Found age_key(std::string_view rest, char) {
  if (!rest.starts_with("AGE-SECRET-KEY-")) return std::nullopt;
  return Match{run(rest, [](char c) { return is_upper(c) || is_digit(c) || c == '-'; }), "[key]"};
}

Found private_key(std::string_view rest, char) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view end = "-----END ";
  if (!rest.starts_with(begin)) return std::nullopt;
  const std::string_view title = rest.substr(0, rest.find_first_of("\r\n"));
  if (title.find("PRIVATE KEY-----") == std::string_view::npos) return std::nullopt;
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return Match{rest.size(), "[key]"};
  return Match{std::min(rest.size(), rest.find_first_of("\r\n", at)), "[key]"};
}

// "://user:secret@"
Found login(std::string_view rest, char) {
  if (!rest.starts_with("://")) return std::nullopt;
  const std::size_t authority =
      run(rest.substr(3), [](char c) { return c > ' ' && c != '/' && c != '"' && c != '\''; });
  const std::size_t at = rest.substr(0, 3 + authority).rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  return Match{at + 1, "://[login]@"};
}

// K7QF2-9XWMC-4TB0H-RGN5E-8PVJD
Found activation_code(std::string_view rest, char before) {
  constexpr std::size_t group = 5, length = 5 * (group + 1) - 1;
  if (is_word(before) || before == '-' || rest.size() < length) return std::nullopt;
  for (std::size_t i = 0; i < length; ++i)
    if (i % (group + 1) == group ? rest[i] != '-' : !is_alnum(rest[i])) return std::nullopt;
  if (rest.size() > length && (is_word(rest[length]) || rest[length] == '-')) return std::nullopt;
  return Match{length, "[code]"};
}

Found e_mail(std::string_view rest, char before) {
  const auto local = [](char c) {
    return is_word(c) || c == '.' || c == '+' || c == '-' || c == '%';
  };
  if (local(before)) return std::nullopt;
  const std::size_t name = run(rest, local);
  if (name == 0 || name >= rest.size() || rest[name] != '@') return std::nullopt;
  const std::string_view behind = rest.substr(name + 1);
  const std::string_view domain =
      behind.substr(0, run(behind, [](char c) { return is_word(c) || c == '.' || c == '-'; }));
  if (domain.find('.') == std::string_view::npos) return std::nullopt;
  return Match{name + 1 + domain.size(), "[address]"};
}

Found ipv4(std::string_view rest, char before) {
  if (is_word(before) || before == '.' || rest.empty() || !is_digit(rest[0])) return std::nullopt;
  std::size_t length = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (length >= rest.size() || rest[length] != '.') return std::nullopt;
      ++length;
    }
    const std::size_t digits = run(rest.substr(length), is_digit);
    if (digits == 0 || digits > 3) return std::nullopt;
    length += digits;
  }
  if (length < rest.size() && is_word(rest[length])) return std::nullopt;
  if (rest.starts_with("127.") || rest.substr(0, length) == "0.0.0.0") return std::nullopt;
  return Match{length, "[address]"};
}

// The longest beginning that is an address; "10:11:12" and "a::b::c" are none.
Found ipv6(std::string_view rest, char before) {
  if (is_word(before) || before == ':') return std::nullopt;
  std::string text(rest.substr(0, run(rest, [](char c) {
                                 return is_digit(c) || (c >= 'a' && c <= 'f') ||
                                        (c >= 'A' && c <= 'F') || c == ':' || c == '.';
                               })));
  std::array<unsigned char, sizeof(in6_addr)> numeric{};
  while (text.size() > 2 &&
         (text.back() == '.' || (text.back() == ':' && text[text.size() - 2] != ':')))
    text.pop_back();
  if (text.size() < 3 || ::inet_pton(AF_INET6, text.c_str(), numeric.data()) != 1)
    return std::nullopt;
  const std::string_view behind = rest.substr(text.size());
  if (text == "::1" || (!behind.empty() && is_word(behind[0]))) return std::nullopt;
  const std::size_t zone = behind.starts_with('%') ? 1 + run(behind.substr(1), is_word) : 0;
  return Match{text.size() + zone, "[address]"};
}

// The length of a quotation mark with the backslashes that escape it; 0 when there is none.
std::size_t quotation_mark(std::string_view rest) {
  const std::size_t escapes = run(rest, [](char c) { return c == '\\'; });
  const bool follows = escapes < rest.size() && (rest[escapes] == '"' || rest[escapes] == '\'');
  return follows ? escapes + 1 : 0;
}

// Up to the same mark, or one that is escaped less; or to the end of the line.
std::size_t until_mark(std::string_view rest, char mark, std::size_t mark_length) {
  for (std::size_t at = 0; at < rest.size() && rest[at] != '\n';) {
    const std::size_t found = quotation_mark(rest.substr(at));
    if (found > 0 && found <= mark_length && rest[at + found - 1] == mark) return at;
    at += std::max<std::size_t>(found, 1);
  }
  return std::min(rest.size(), rest.find('\n'));
}

std::size_t without_marks(std::string_view rest, bool has_blanks) {
  std::size_t length = run(rest, [&](char c) {
    return static_cast<unsigned char>(c) >= (has_blanks ? ' ' : '!') && c != '"' && c != '&' &&
           c != ',';
  });
  const bool quoted = length < rest.size() && rest[length] == '"';
  while (length > 0 && (rest[length - 1] == ' ' || (quoted && rest[length - 1] == '\\'))) --length;
  return length;
}

// "password=…", "Passphrase: two words", "\"client_secret\":\"…\"", also in a text within JSON.
Found assigned_secret(std::string_view rest, char before) {
  constexpr std::array<std::string_view, 4> phrases{"password", "passphrase", "passwd", "pwd"};
  constexpr std::array<std::string_view, 4> words{"secret", "token", "api_key", "apikey"};
  if (is_word(before)) return std::nullopt;
  std::size_t at = run(rest, is_word);
  const std::string name = ascii_lower(rest.substr(0, at));
  const auto ends_name = [&](std::string_view word) { return name.ends_with(word); };
  const bool is_phrase = std::ranges::any_of(phrases, ends_name);
  if (!is_phrase && std::ranges::none_of(words, ends_name)) return std::nullopt;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  at += quotation_mark(rest.substr(at));
  at += run(rest.substr(at), is_blank);
  if (at >= rest.size() || (rest[at] != '=' && rest[at] != ':')) return std::nullopt;
  ++at;
  at += run(rest.substr(at), is_blank);
  const std::size_t mark = quotation_mark(rest.substr(at));
  at += mark;
  const std::size_t secret = mark > 0 ? until_mark(rest.substr(at), rest[at - 1], mark)
                                      : without_marks(rest.substr(at), is_phrase);
  if (secret == 0) return std::nullopt;
  return Match{at + secret, "[password]"};
}

constexpr std::array rules{token, bearer, assigned_secret, age_key, private_key,
                           login, e_mail, activation_code, ipv4,    ipv6};

}  // namespace

Redactor::Redactor(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (name.size() >= 2) names_[static_cast<unsigned char>(name[0])].push_back(name);
  for (auto& list : names_)
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Redactor::clean(std::string_view text) {
  const auto name = [&](std::string_view rest, char before) -> Found {
    if (is_word(before)) return std::nullopt;
    for (const std::string& known : names_[static_cast<unsigned char>(rest[0])])
      if (rest.starts_with(known) && (rest.size() == known.size() || !is_word(rest[known.size()])))
        return Match{known.size(), "[name]"};
    return std::nullopt;
  };
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const char before = at == 0 ? ' ' : text[at - 1];
    Found found = name(rest, before);
    for (std::size_t rule = 0; !found && rule < rules.size(); ++rule)
      found = rules[rule](rest, before);
    if (!found) {
      out += text[at++];
      continue;
    }
    out += found->by;
    at += found->length;
    ++replaced_;
  }
  return out;
}

void Redactor::clean(json::value& value) {
  if (value.is_string()) {
    value = clean(std::string_view(value.get_string()));
  } else if (value.is_array()) {
    for (json::value& one : value.get_array()) clean(one);
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) clean(member.value());
  }
}

}  // namespace skerry::daemon
